import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { order, refreshes, untilEnds, untilFresh, useProcessors } from './support/processor.js';
import { isDirty } from './support/refresh.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

test('a committed write is in the view when wait_until_fresh returns true, 20 times', async () => {
  const shop = await openShop(db);
  await watch(db, shop, 'INSERT', ', p_cooldown => 0, p_refresh_lag => 30');
  await start();
  for (let i = 1; i <= 20; i++) {
    const token = await order(db, shop);
    expect(
      await db.query('select pgauto_mv.wait_until_fresh($1::regclass, $2::xid8) as fresh', [shop.view, token]),
    ).toEqual([{ fresh: true }]);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: i }]);
  }
});

test('a chain of views follows the table by itself, with no watch but the derived ones', async () => {
  const shop = await openShop(db);
  await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as r from ${shop.view}`);
  await db.query(
    `select pgauto_mv.register_mv(v::regclass, p_cooldown => 0) from unnest(array['${shop.view}', '${shop.schema}.total']) v`,
  );
  await start();
  await until(
    async () => (await db.query('select from pgauto_mv.freshness where dirty')).length === 0,
    'both are filled',
  );
  await order(db, shop, 7);
  await until(
    async () => (await db.query(`select from ${shop.schema}.total where r = 7`)).length === 1,
    'the total is 7',
  );
  const sources = await db.query<{ source: string }>(
    "select source from pgauto_mv.log where kind = 'attempt' and view_name = $1",
    [`${shop.schema}.total`],
  );
  expect(sources.map((row) => row.source)).toContain('chain');
});

test('the published example, for real: 500 updates in 2 s are one refresh, 10 s after the last', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT,UPDATE', ', p_refresh_lag => 10.0, p_max_wait => 60.0, p_cooldown => 30.0');
  await order(db, shop, 0);
  await start();
  await untilFresh(db, id);
  await db.query("update pgauto_mv.state set done_at = done_at - interval '1 min' where mv_id = $1", [id]); // the cooldown is over
  const before = await refreshes(db, id);
  const writer = await db.connect();
  const begin = performance.now();
  let last = new Date(0);
  for (let i = 0; i < 500; i++) {
    const { rows } = await writer.query<{ at: Date }>(
      `update ${shop.orders} set amount = amount + 1, day = clock_timestamp() returning clock_timestamp() as at`,
    );
    last = rows[0]?.at ?? last;
    const behind = begin + i * 4 - performance.now();
    if (behind > 0) await writer.query('select pg_sleep($1)', [behind / 1000]);
  }
  await until(async () => (await refreshes(db, id)) > before, 'it is refreshed');
  const [done] = await db.query<{ started: Date }>(
    "select at - duration as started from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id desc limit 1",
    [id],
  );
  const seconds = ((done?.started.getTime() ?? 0) - last.getTime()) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(9.99); // the times are cut to milliseconds
  expect(seconds).toBeLessThan(30); // not by p_max_wait
  expect(await refreshes(db, id)).toBe(before + 1);
  expect(await isDirty(db, id)).toBe(false);
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 500 }]);
});

test('refresh_materialised_view_now is done, and its event says so', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, undefined, ', p_cooldown => 3600');
  await start();
  await untilFresh(db, id);
  await order(db, shop, 5);
  const [event] = await db.query<{ id: string }>(
    `select pgauto_mv.refresh_materialised_view_now('daily', '${shop.schema}') as id`,
  );
  await until(
    async () =>
      (await db.query("select from pgrelay.log where event_id = $1 and outcome = 'done'", [event?.id])).length === 1,
    'the event is done',
  );
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 5 }]);
});

describe('a request of the planner', () => {
  test('comes back to a request that was made a moment before the cooldown ended, and forgets none', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 4');
    await start();
    await untilFresh(db, id);
    await order(db, shop);
    await db.query('set role pgrelay_owner');
    const [early] = await db.query<{ id: string }>(
      "select pgauto_mv.request_refresh($1::bigint, 'trigger', null, 'early')::text as id",
      [id],
    );
    await db.query('reset role');
    await untilFresh(db, id);
    const ends = await untilEnds(db, early?.id, 2);
    expect(ends).toEqual(['snoozed', 'done']);
  });
});

test('never more refreshes at once than maxConcurrentRefreshes', async () => {
  const shop = await openShop(db);
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`insert into ${shop.schema}.gate values (0.5)`);
  for (let i = 0; i < 5; i++) {
    await db.query(
      `create materialized view ${shop.schema}.v${i} as select ${i} as n from ${shop.schema}.gate g, lateral pg_sleep(g.seconds) with no data`,
    );
    await watch(db, shop, undefined, '', `v${i}`);
  }
  await start({ maxConcurrentRefreshes: 2 });
  let most = 0;
  await until(async () => {
    const [row] = await db.query<{ now: number; done: number }>(
      `select (select count(*)::int from pg_stat_activity where datname = current_database() and state = 'active' and query ~ '^refresh') as now,
        (select sum(refreshes)::int from pgauto_mv.freshness) as done`,
    );
    most = Math.max(most, row?.now ?? 0);
    return row?.done === 5;
  }, 'all five are refreshed');
  expect(most).toBe(2);
});
