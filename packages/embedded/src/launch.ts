import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BaseFolder } from './base-folder.js';
import type { Binaries } from './binaries.js';
import { EmbeddedError } from './errors.js';
import { portTaken } from './port.js';
import { type Postmaster, stopPostmaster } from './postmaster.js';
import { untilReady } from './ready.js';
import { spawnOptions } from './run-as.js';

export interface Launch {
  readonly folder: BaseFolder;
  readonly binaries: Binaries;
  readonly port: number;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** After a crash the old server's processes hold its shared memory for a moment. */
const SHARED_MEMORY_MS = 10_000;

/** Starts the server program and waits until it answers. */
export async function launch(request: Launch): Promise<Postmaster> {
  const deadline = Date.now() + SHARED_MEMORY_MS;
  for (;;) {
    try {
      return await launchOnce(request);
    } catch (error) {
      const busy = error instanceof Error && error.message.includes('pre-existing shared memory block');
      if (!busy || Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

async function launchOnce({ folder, binaries, port, password, settings }: Launch): Promise<Postmaster> {
  const { base, data, runAs } = folder;
  const log = path.join(base, 'server.log');
  const output = openSync(log, 'w', 0o600);
  // In a process group of its own, so that Ctrl-C in a terminal reaches us first and we can still drain.
  const child = spawn(binaries.postgres, serverArguments(data, port, settings), {
    ...spawnOptions(runAs),
    detached: true,
    stdio: ['ignore', output, output],
    windowsHide: true,
  });
  closeSync(output);
  child.unref();
  let failure: (() => EmbeddedError) | undefined;
  child.once('error', (cause) => {
    const message = `${binaries.postgres} cannot be started: ${cause.message}`;
    failure = () => new EmbeddedError('EMBEDDED_START_FAILED', message, { cause });
  });
  child.once('exit', (code, signal) => {
    failure = () => explainExit(readFileSync(log, 'utf8'), port, `ended with ${signal ?? `code ${code}`}`);
  });
  try {
    await untilReady({ port, password, data }, () => failure?.());
  } catch (error) {
    if (child.pid !== undefined) await stopPostmaster(child.pid);
    throw error;
  }
  return { pid: child.pid ?? 0, port };
}

function serverArguments(data: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  return [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

function explainExit(log: string, port: number, how: string): EmbeddedError {
  if (/could not bind|Address already in use/i.test(log)) return portTaken(port);
  const lines = log.trim().split('\n').slice(-8).join('\n');
  return new EmbeddedError('EMBEDDED_START_FAILED', `PostgreSQL ${how}. The end of its log:\n${lines}`);
}
