import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../../harness/connect.js';
import { sqlFile } from '../../harness/sql-files.js';

const ROWS = 100;
/** The application thinks that long between two writes. */
const THINK_MS = 2;

/** When a write was done, in ms by the server's clock, and how long the application waited for it. */
export interface Write {
  readonly ended: number;
  readonly ms: number;
}

/** An application that updates one random row after the other until it is stopped. */
export class Writer {
  readonly #client: pg.Client;
  readonly #stop = new AbortController();
  readonly #writes: Promise<Write[]>;

  private constructor(client: pg.Client) {
    this.#client = client;
    this.#writes = this.#write();
  }

  static async start(url: string): Promise<Writer> {
    return new Writer(await connect(url, 'benchmark application'));
  }

  async stop(): Promise<Write[]> {
    this.#stop.abort();
    try {
      return await this.#writes;
    } finally {
      await this.#client.end();
    }
  }

  async #write(): Promise<Write[]> {
    const writes: Write[] = [];
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const row = 1 + Math.floor(Math.random() * ROWS);
      const { rows } = await this.#client.query<{ ended: number }>(sqlFile('contention/write.sql'), [row]);
      writes.push({ ended: rows[0]?.ended ?? Number.NaN, ms: performance.now() - began });
      await pause(THINK_MS);
    }
    return writes;
  }
}
