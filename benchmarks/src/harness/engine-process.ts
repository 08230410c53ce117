import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { CommandProcess } from './command-process.js';
import { ServedProcess } from './served-process.js';
import { sqlFile } from './sql-files.js';

const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

export interface EngineSettings {
  readonly url: string;
  /** Default: the Processor's own. */
  readonly workers?: number;
  /** The address of a module with `handlers` and the `methods` that the harness may call. */
  readonly handlers?: string;
}

/** The slot and epoch that a Processor holds, and the backends of its connections. */
export interface Tenure {
  readonly slot: number;
  readonly epoch: string;
  readonly backends: readonly number[];
}

/** What `npx pgrelay` runs, without npx between. */
export const pgrelayBinary = fileURLToPath(new URL('../../../packages/pgrelay/bin/pgrelay.js', import.meta.url));

const engineProgram = fileURLToPath(new URL('../../dist/harness/engine-main.js', import.meta.url));

/** A Processor of the engine alone, with defaults, in a process of its own. */
export function startEngine(settings: EngineSettings, node: string = process.execPath): Promise<ServedProcess> {
  return ServedProcess.start(node, engineProgram, settings);
}

/** `npx pgrelay start`, all plugins included; resolves when it holds a slot. */
export async function startBinary(
  url: string,
  client: pg.Client,
  {
    workers = 1,
    node = process.execPath,
    env = {},
  }: { readonly workers?: number; readonly node?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CommandProcess> {
  const args = ['start', '--workers', String(workers), '--log-level', 'error'];
  const started = new CommandProcess(node, pgrelayBinary, args, { DATABASE_URL: url, ...env });
  const end = performance.now() + PATIENCE_MS;
  while ((await tenureOf(client, started.pid)) === undefined) {
    started.check();
    if (performance.now() > end) throw new Error(`pgrelay start has no slot after ${PATIENCE_MS} ms`);
    await pause(LOOK_MS);
  }
  return started;
}

/** Undefined while the Processor with this process id holds no slot. */
export async function tenureOf(client: pg.Client, pid: number): Promise<Tenure | undefined> {
  return (await client.query<Tenure>(sqlFile('engine/processor.sql'), [pid])).rows[0];
}
