import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { order, untilFresh, useProcessors } from './support/processor.js';
import { openShop } from './support/shop.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
const start = useProcessors(db);

test('a Processor keeps the target while refreshes are cheap, and the share when they are not', async () => {
  const shop = await openShop(db);
  const view = `${shop.schema}.slow`;
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`insert into ${shop.schema}.gate values (0)`);
  await db.query(
    `create materialized view ${view} as select (select sum(amount) from ${shop.orders}) as revenue, count(*) as n from ${shop.schema}.gate g, lateral pg_sleep(g.seconds)`,
  );
  const id = await registerDerived(db, view, ", p_target_lag => '5 s', p_cpu_share => 0.1");
  const change = async () => {
    for (let n = 0; n < 3; n += 1) await order(db, shop);
    await untilFresh(db, id);
  };
  const done = () =>
    db.query<{ lag: number; duration: number; rest: number | null }>(
      `select extract(epoch from root_lag)::float8 as lag, extract(epoch from duration)::float8 as duration,
         extract(epoch from at - duration - lag(at) over (order by id))::float8 as rest
       from pgauto_mv.log where mv_id = $1 and kind = 'attempt' and root_lag is not null order by id`,
      [id],
    );
  const problem = async () =>
    (
      await db.query<{ remedy: string }>(
        "select remedy from pgauto_mv.get_mv_problems() where code = 'target_lag_unreachable' and object = $1",
        [view],
      )
    )[0];
  await start();
  await untilFresh(db, id);
  for (let n = 0; n < 5; n += 1) await change();
  for (const { lag } of await done()) expect(lag).toBeLessThanOrEqual(5);
  expect(await problem()).toBeUndefined();

  await db.query(`update ${shop.schema}.gate set seconds = 0.6`); // the refresh for it is the first slow one
  await until(async () => {
    await change();
    return problem();
  }, 'the target is said to be out of reach');
  const before = (await done()).length;
  await change();
  const [next] = (await done()).slice(before);
  expect(next?.rest).toBeGreaterThan(4.45); // nine times the half second that it is taken for; max_wait would be less

  await db.query((await problem())?.remedy ?? '');
  expect(await problem()).toBeUndefined();
  await change();
  expect(await problem()).toBeUndefined();
});
