import type pg from 'pg';
import { until } from './until.js';

const PATIENCE_MS = 30_000;

/** Waits until nobody is connected to the database; fails with the names of those who stay. */
export async function untilUnused(client: pg.Client, database: string, patienceMs = PATIENCE_MS): Promise<void> {
  let users: { application_name: string; state: string | null }[] = [];
  const unused = until(
    async () => {
      const result = await client.query<{ application_name: string; state: string | null }>(
        `select application_name, state from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [database],
      );
      users = result.rows;
      return users.length === 0;
    },
    'the database is unused',
    patienceMs,
  );
  await unused.catch(() => {
    const names = users.map(({ application_name: name, state }) => `"${name}" (${state ?? 'of another role'})`);
    throw new Error(`${users.length} connections to the test's database were left open: ${names.join(', ')}.`);
  });
}
