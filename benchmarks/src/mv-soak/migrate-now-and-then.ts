import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { between } from '../faults/random.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Counts } from './counts.js';
import type { Focus } from './focus.js';
import { isConflict } from './is-conflict.js';

const steps = [
  ...['rewrite', 'rewrite', 'rewrite', 'add a column', 'drop a column', 'create an index', 'drop an index'],
  ...['create a partition', 'drop a partition', 'replace a view', 'set storage'],
];

/**
 * Changes tables, until told to stop, in ways that change no view's rows; above all those that have just been written,
 * since their views are being refreshed then and nothing will make them dirty again soon.
 */
export async function migrateNowAndThen(
  client: pg.Client,
  focus: Focus,
  next: () => number,
  counts: Counts,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const left = await focus.moved();
    const table = left.length > 0 ? left[between(0, left.length - 1, next)] : focus.pick(next);
    try {
      await migrate(client, steps[between(0, steps.length - 1, next)] ?? '', table ?? '', next);
      counts.ddl += 1;
    } catch (error) {
      await client.query('rollback');
      if (!isConflict(error)) throw error;
      counts.ddlConflicts += 1;
    }
  }
}

/** One step; the table has been locked for a moment by then, so that refreshes wait for it with their snapshot taken. */
async function migrate(client: pg.Client, step: string, table: string, next: () => number): Promise<void> {
  const number = between(0, 99, next);
  await client.query('begin');
  await client.query(sqlFile('mv-soak/ddl.sql'), ['lock', table, number]);
  await pause(between(0, 600, next));
  await client.query(sqlFile('mv-soak/ddl.sql'), [step, table, number]);
  await client.query('commit');
}
