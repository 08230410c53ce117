import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../../harness/connect.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { ServerCpuMeter } from '../../harness/server-cpu.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import type { Arm } from './arms.js';
import { type Sighting, type Staleness, staleness } from './staleness.js';
import { Writers, type Written } from './writers.js';

export interface ArmFigures {
  readonly seconds: number;
  readonly written: Written;
  readonly staleness: Staleness;
  readonly refreshes: number;
  /** CPU time used in a second, in ms: by the server's sessions (undefined: a server elsewhere), by a process of the way's own. */
  readonly sessionMs: number | undefined;
  readonly processMs: number;
  /** Rows in which view and query differ in the end. */
  readonly differing: number;
  /** What the ledger has against it. */
  readonly wrong: readonly string[];
}

/** What the scenario runs with. */
export interface Size {
  readonly orders: number;
  readonly seconds: number;
}

/** How often the view is looked at: no staleness is known better. */
export const LOOK_EVERY_MS = 20;

/** Writers write for some seconds while the view is kept in one way; then nobody writes, and view and query are compared. */
export async function runArm(database: RelayDatabase, arm: Arm, { orders, seconds }: Size): Promise<ArmFigures> {
  const { url, client } = database;
  for (const folder of ['shop', 'freshness/setup']) await runFolder(client, folder);
  await client.query('select fill($1)', [orders]);
  await runFolder(client, 'freshness/prepare');
  const keeping = await arm.keep(database);
  try {
    const writers = await Writers.open(url);
    const eye = await connect(url, 'benchmark reader');
    const [stopWriting, stopLooking] = [new AbortController(), new AbortController()];
    try {
      const looking = look(eye, stopLooking.signal);
      const meter = await ServerCpuMeter.on(client);
      const before = {
        refreshes: await keeping.refreshes(),
        process: keeping.processMs(),
        server: meter?.read().sessions,
      };
      const began = performance.now();
      const writing = writers.writeUntil(stopWriting.signal);
      await pause(seconds * 1_000);
      stopWriting.abort();
      const written = await writing;
      const took = (performance.now() - began) / 1_000;
      const after = {
        refreshes: await keeping.refreshes(),
        process: keeping.processMs(),
        server: meter?.read().sessions,
      };
      await keeping.settle();
      await pause(2 * LOOK_EVERY_MS);
      stopLooking.abort();
      const sightings = await looking;
      const { rows } = await client.query<{ orders: number; differing: number }>(sqlFile('freshness/ledger.sql'));
      const [found = { orders: -1, differing: -1 }] = rows;
      return {
        seconds: took,
        written,
        staleness: staleness(written.commits, sightings),
        refreshes: after.refreshes - before.refreshes,
        sessionMs:
          before.server === undefined || after.server === undefined ? undefined : (after.server - before.server) / took,
        processMs: (after.process - before.process) / took,
        differing: found.differing,
        wrong: mismatches(arm, written, found),
      };
    } finally {
      stopWriting.abort();
      stopLooking.abort();
      await eye.end();
      await writers.close();
    }
  } finally {
    await keeping.stop();
  }
}

/** What does not add up, in words. */
export function mismatches(
  arm: Pick<Arm, 'exact'>,
  written: Pick<Written, 'orders' | 'failed'>,
  found: { readonly orders: number; readonly differing: number },
): string[] {
  return [
    ...(found.orders === written.orders ? [] : [`${written.orders} orders were placed, there are ${found.orders}`]),
    ...(arm.exact && found.differing !== 0 ? [`view and query differ in ${found.differing} rows in the end`] : []),
    ...(arm.exact && written.failed !== 0 ? [`${written.failed} writes failed`] : []),
  ];
}

/** Looks at the view until stopped. */
export async function look(client: pg.Client, stop: AbortSignal): Promise<Sighting[]> {
  const text = sqlFile('freshness/latest.sql');
  const sightings: Sighting[] = [];
  while (!stop.aborted) {
    const { rows } = await client.query<{ latest: number }>(text);
    sightings.push({ latest: rows[0]?.latest ?? 0, at: performance.now() });
    await pause(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  return sightings;
}
