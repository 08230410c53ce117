import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { sqlFile } from '../harness/sql-files.js';
import type { Counts } from './counts.js';

const EVERY_MS = 20;

/** Looks at pg_locks until told to stop: no view may have two sessions that hold or await the lock of its REFRESH. */
export async function watchLocks(client: pg.Client, counts: Counts, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const { rows } = await client.query<{ refreshing: number; doubled: string[] }>(sqlFile('mv-soak/refreshing.sql'));
    counts.looks += 1;
    counts.refreshing += rows[0]?.refreshing ?? 0;
    for (const view of rows[0]?.doubled ?? []) counts.failures.push(`${view} was refreshed by two sessions at once`);
    await pause(EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
