import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../harness/connect.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import { untilRefreshed } from '../../harness/until-refreshed.js';
import { look, mismatches, type Size } from '../freshness/run-arm.js';
import { type Staleness, staleness } from '../freshness/staleness.js';
import { type Load, placeOrders } from './load.js';

export const TARGET_S = 5;
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** A way to set the times of the view, and what is written meanwhile. */
export interface Case {
  readonly name: string;
  readonly target: boolean;
  readonly load: Load;
}

export interface CaseFigures {
  readonly seconds: number;
  readonly staleness: Staleness;
  readonly orders: number;
  readonly refreshes: number;
  /** Of one CPU, a refresh counted as one that is busy. */
  readonly share: number;
  /** refresh_lag / max_wait / cooldown in the end, in seconds. */
  readonly times: string;
  readonly wrong: readonly string[];
}

interface Refreshes {
  readonly refreshes: number;
  readonly took: number;
  readonly fresh: boolean;
  readonly times: string;
}

/** One connection writes for some seconds while a Processor keeps the view; then nobody writes, and view and query are compared. */
export async function runLoad({ url, client }: RelayDatabase, of: Case, size: Size): Promise<CaseFigures> {
  for (const folder of ['shop', 'freshness/setup']) await runFolder(client, folder);
  await client.query('select fill($1)', [size.orders]);
  await runFolder(client, 'freshness/prepare');
  if (of.target) await client.query(sqlFile('target-lag/register-target.sql'), [`${TARGET_S} s`]);
  else await client.query(sqlFile('target-lag/register-default.sql'));
  const read = async (): Promise<Refreshes> => {
    const { rows } = await client.query<Refreshes>(sqlFile('target-lag/refreshes.sql'));
    return rows[0] ?? { refreshes: 0, took: 0, fresh: false, times: '' };
  };
  const processor = await ProcessorProcess.start(url);
  const [writer, eye] = [await connect(url, 'benchmark writer'), await connect(url, 'benchmark reader')];
  const [stopWriting, stopLooking] = [new AbortController(), new AbortController()];
  try {
    await untilRefreshed(client);
    const looking = look(eye, stopLooking.signal);
    const before = await read();
    const began = performance.now();
    const writing = placeOrders(writer, of.load, stopWriting.signal);
    await pause(size.seconds * 1_000);
    stopWriting.abort();
    const commits = await writing;
    const after = await read();
    const took = performance.now() - began;
    const end = performance.now() + PATIENCE_MS;
    while (!(await read()).fresh) {
      if (performance.now() > end) throw new Error(`the view is not fresh after ${PATIENCE_MS} ms`);
      await pause(LOOK_MS);
    }
    await pause(2 * LOOK_MS);
    stopLooking.abort();
    const { rows } = await client.query<{ orders: number; differing: number }>(sqlFile('freshness/ledger.sql'));
    const [found = { orders: -1, differing: -1 }] = rows;
    return {
      seconds: took / 1_000,
      staleness: staleness(commits, await looking),
      orders: commits.length,
      refreshes: after.refreshes - before.refreshes,
      share: (after.took - before.took) / took,
      times: after.times,
      wrong: mismatches({ exact: true }, { orders: commits.length, failed: 0 }, found),
    };
  } finally {
    stopWriting.abort();
    stopLooking.abort();
    await Promise.allSettled([writer.end(), eye.end()]);
    await processor.stop();
  }
}
