import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../../harness/connect.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { Commit } from './staleness.js';

export const WRITERS = 4;
export const EVERY_MS = 20;
const PRODUCTS = 400;

/** What the writers did. */
export interface Written {
  /** How long each write took, in ms. */
  readonly ms: readonly number[];
  /** Orders that were placed. */
  readonly orders: number;
  /** Those of the first writer. */
  readonly commits: readonly Commit[];
  /** Writes that ended with an error. */
  readonly failed: number;
}

/** Four connections, each a write every 20 ms or, when that takes longer, at once, until stopped. */
export class Writers {
  readonly #clients: readonly pg.Client[];

  private constructor(clients: readonly pg.Client[]) {
    this.#clients = clients;
  }

  static async open(url: string): Promise<Writers> {
    const clients = Array.from({ length: WRITERS }, (_, n) => connect(url, `benchmark writer ${n + 1}`));
    return new Writers(await Promise.all(clients));
  }

  async writeUntil(stop: AbortSignal): Promise<Written> {
    const all = await Promise.all(this.#clients.map((client, index) => writeAlone(client, index, stop)));
    return {
      ms: all.flatMap(({ ms }) => ms),
      orders: all.reduce((sum, { commits }) => sum + commits.length, 0),
      commits: all[0]?.commits ?? [],
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

/** Three orders, then a price of a product that is this writer's alone. An order's number modulo 4 is its writer. */
async function writeAlone(client: pg.Client, index: number, stop: AbortSignal) {
  const [place, changePrice] = [sqlFile('freshness/place.sql'), sqlFile('freshness/change-price.sql')];
  const ms: number[] = [];
  const commits: Commit[] = [];
  let failed = 0;
  let next = performance.now() + (index * EVERY_MS) / WRITERS;
  for (let n = 1; !stop.aborted; n += 1) {
    await pause(Math.max(0, next - performance.now()));
    next = Math.max(next + EVERY_MS, performance.now());
    const order = n * WRITERS + index;
    const begin = performance.now();
    try {
      if (n % 4 === 0) await client.query(changePrice, [1 + index + WRITERS * (n % (PRODUCTS / WRITERS))]);
      else {
        await client.query(place, [order]);
        commits.push({ order, at: performance.now() });
      }
    } catch {
      failed += 1; // a deadlock, a conflict: what a way does to its writers is part of the result
    }
    ms.push(performance.now() - begin);
  }
  return { ms, commits, failed };
}
