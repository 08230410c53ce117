import type { TestDatabase } from '@pgrelay/test-support';
import type { RefreshSource } from '../../src/refresh-request.js';
import { refresh, takeRequests } from './refresh.js';
import type { VirtualClock } from './virtual-clock.js';

/** A table of sales in a schema of its own, for views over it. */
export interface Sales {
  readonly schema: string;
  readonly sales: string;
}

let count = 0;

export async function openSales(db: TestDatabase): Promise<Sales> {
  const schema = `sales_${++count}`;
  await db.query(`create schema ${schema}`);
  await db.query(`create table ${schema}.sales (day date not null, amount numeric not null)`);
  return { schema, sales: `${schema}.sales` };
}

/** Makes a view with a unique index; %S in the query stands for the schema. */
export async function addLayer(db: TestDatabase, { schema }: Sales, name: string, query: string): Promise<void> {
  await db.query(`create materialized view ${schema}.${name} as ${query.replaceAll('%S', schema)}`);
  await db.query(`create unique index on ${schema}.${name} (key)`);
}

/**
 * Does what a Processor does, plan and serve what is asked for, every second of the clock until nothing has been left to do
 * for a minute; `between` runs before each plan. Returns the names of the views in the order in which they were refreshed.
 */
export async function settle(
  db: TestDatabase,
  clock: VirtualClock,
  between: (second: number) => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const client = await db.connect();
  const done: string[] = [];
  let idle = 0;
  for (let second = 0; idle < 60 && second < 300; second++) {
    await between(second);
    await db.query('select pgauto_mv.plan_v1()');
    const asked = await db.query<{ payload: string }>('select payload from pgrelay.queue order by place');
    await takeRequests(db);
    idle = asked.length === 0 ? idle + 1 : 0;
    for (const { payload } of asked) {
      const { mv, source, token } = JSON.parse(payload) as { mv: string; source: RefreshSource; token: string | null };
      const { kind } = await refresh(client, mv, source, token);
      const [view] = await db.query<{ name: string }>(
        'select view_name as name from pgauto_mv.freshness where id = $1',
        [mv],
      );
      done.push(kind === 'done' ? (view?.name ?? '') : `${view?.name}: ${kind}`);
    }
    await clock.advance(1);
  }
  return done;
}
