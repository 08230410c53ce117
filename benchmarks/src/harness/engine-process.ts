import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { pgrelayBinary } from './relay-database.js';
import { sqlFile } from './sql-files.js';

const PATIENCE_MS = 30_000;

export interface EngineOptions {
  readonly workers?: number;
  /** A module that exports `handlers`. */
  readonly handlers?: URL;
}

/** The slot and epoch that a Processor process holds, and the backends of its connections. */
export interface Tenure {
  readonly slot: number;
  readonly epoch: string;
  readonly backends: readonly number[];
}

/** The parent's end of a Processor with defaults in a process of its own. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  /** The engine alone, with defaults. */
  static async engine(url: string, { workers = 1, handlers }: EngineOptions = {}): Promise<EngineProcess> {
    const child = fork(new URL('engine-main.js', import.meta.url), [], {
      env: {
        ...process.env,
        PGRELAY_BENCHMARK_URL: url,
        PGRELAY_BENCHMARK_WORKERS: String(workers),
        ...(handlers === undefined ? {} : { PGRELAY_BENCHMARK_HANDLERS: handlers.href }),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const processor = new EngineProcess(child);
    const started = await Promise.race([once(child, 'message').then(() => true), processor.#exited.then(() => false)]);
    if (!started) throw new Error('the Processor could not be started');
    return processor;
  }

  /** What `npx pgrelay start` runs, all plugins included, without npx between: its process id is the Processor's. */
  static async binary(url: string, client: pg.Client, workers = 1): Promise<EngineProcess> {
    const child = spawn(
      process.execPath,
      [pgrelayBinary, 'start', '--workers', String(workers), '--log-level', 'error'],
      {
        env: { ...process.env, DATABASE_URL: url },
        stdio: ['ignore', 2, 2],
      },
    );
    const processor = new EngineProcess(child);
    const end = performance.now() + PATIENCE_MS;
    while ((await processor.tenure(client)) === undefined) {
      if (child.exitCode !== null || performance.now() > end) throw new Error('pgrelay start did not take a slot');
      await pause(50);
    }
    return processor;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Undefined while it holds no slot. */
  async tenure(client: pg.Client): Promise<Tenure | undefined> {
    return (await client.query<Tenure>(sqlFile('engine/processor.sql'), [this.pid])).rows[0];
  }

  /** Sends it a message and resolves with the next one that comes back. */
  async ask<T>(message: string): Promise<T> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    return (await answer)[0] as T;
  }

  /** Drains and ends it. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.send('stop');
    else this.#child.kill('SIGTERM');
    await this.#exited;
  }

  /** SIGKILL: what it was doing is left as it is. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
