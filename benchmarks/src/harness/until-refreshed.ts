import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { sqlFile } from './sql-files.js';

const LOOK_MS = 50;

/** Waits until every registered view has its first contents. */
export async function untilRefreshed(client: pg.Client, patienceMs = 60_000): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query<{ refreshed: boolean }>(sqlFile('auto-mv/refreshed.sql'));
    if (rows[0]?.refreshed === true) return;
    if (performance.now() > end) throw new Error(`the views have no contents after ${patienceMs} ms`);
    await pause(LOOK_MS);
  }
}
