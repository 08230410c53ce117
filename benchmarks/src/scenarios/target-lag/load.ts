import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { sqlFile } from '../../harness/sql-files.js';
import type { Commit } from '../freshness/staleness.js';

/** How one connection writes: orders at this distance, for some seconds and then none for some. */
export interface Load {
  readonly name: string;
  readonly everyMs: number;
  readonly busyMs: number;
  readonly quietMs: number;
}

export const steady: Load = { name: 'an order every 50 ms', everyMs: 50, busyMs: 1_000, quietMs: 0 };
export const bursty: Load = {
  name: 'an order every 20 ms for 2 s, then none for 8 s',
  everyMs: 20,
  busyMs: 2_000,
  quietMs: 8_000,
};

/** Places orders until stopped; returns them with when their commits were acknowledged. */
export async function placeOrders(client: pg.Client, load: Load, stop: AbortSignal): Promise<Commit[]> {
  const place = sqlFile('freshness/place.sql');
  const commits: Commit[] = [];
  const begin = performance.now();
  const cycle = load.busyMs + load.quietMs;
  let next = begin;
  for (let n = 1; !stop.aborted; n += 1) {
    const within = (next - begin) % cycle;
    if (within > load.busyMs) next += cycle - within;
    await pause(Math.max(0, next - performance.now()), undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) break;
    next = Math.max(next + load.everyMs, performance.now());
    await client.query(place, [n * 4]); // those of the first writer are what the view tells apart
    commits.push({ order: n * 4, at: performance.now() });
  }
  return commits;
}
