import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { refresh, requests, takeRequests } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';
import { usePlanner } from './support/use-planner.js';
import type { VirtualClock } from './support/virtual-clock.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Shop;

usePlanner(db, (installed) => {
  clock = installed;
});
beforeEach(async () => {
  shop = await openShop(db);
});

async function plan(): Promise<number | null> {
  const rows = await db.query<{ ms: number | null }>('select pgauto_mv.plan_v1()::float8 as ms');
  return rows[0]?.ms ?? null;
}

const order = () => db.query(`insert into ${shop.orders} (amount) values (1)`);

async function registered(options: string): Promise<string> {
  const id = await watch(db, shop, 'INSERT,UPDATE', options);
  await plan();
  await refresh(await db.connect(), id, 'first', null);
  await takeRequests(db);
  await clock.advance(1000);
  await plan();
  return id;
}

test('a new view is asked for at once, once', async () => {
  const id = await watch(db, shop, 'INSERT', ', p_refresh_lag => 60');
  await plan();
  await plan();
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'first' }]);
});

test('the published example: lag 10, max_wait 60, cooldown 30; 500 updates in 2 s are one refresh, 10 s after the last', async () => {
  const id = await registered(', p_refresh_lag => 10, p_max_wait => 60, p_cooldown => 30');
  const client = await db.connect();
  await db.query(`insert into ${shop.orders} (amount) select 0`);
  const begin = clock.seconds;
  const refreshedAt: number[] = [];
  // 500 updates over 2 s, then a minute and a half of silence, with a planner that looks every 250 ms
  for (let tick = 0; tick <= 4 * 90; tick++) {
    if (tick < 8)
      for (let i = 0; i < 62 + (tick % 2); i++) await db.query(`update ${shop.orders} set amount = amount + 1`);
    await plan();
    for (const { source } of await requests(db, id)) {
      await takeRequests(db);
      expect(await refresh(client, id, source as 'trigger', null)).toMatchObject({ kind: 'done' });
      refreshedAt.push(clock.seconds - begin);
    }
    await clock.advance(0.25);
  }
  expect(refreshedAt).toEqual([1.75 + 10]);
  expect(await db.query(`select amount::int from ${shop.orders}`)).toEqual([{ amount: 500 }]);
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 500 }]);
});

test('a view written without pause is refreshed at max_wait after the first change', async () => {
  const id = await registered(', p_refresh_lag => 10, p_max_wait => 20, p_cooldown => 0');
  const begin = clock.seconds;
  while ((await requests(db, id)).length === 0) {
    await order();
    await plan();
    await clock.advance(1);
  }
  expect(clock.seconds - begin).toBe(21); // the 20th second, and the step after it
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'max_wait' }]);
});

test('when cooldown and max_wait conflict the cooldown wins, and is a skip in the log, once', async () => {
  const id = await registered(', p_refresh_lag => 1, p_max_wait => 5, p_cooldown => 2000');
  await order();
  for (let i = 0; i < 10; i++) {
    await plan();
    await clock.advance(1);
  }
  expect(await requests(db, id)).toEqual([]);
  expect(await db.query('select kind, reason from pgauto_mv.log where mv_id = $1 and kind = $2', [id, 'skip'])).toEqual(
    [{ kind: 'skip', reason: 'cooldown' }],
  );
  await clock.advance(990);
  await plan();
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
});

test('says in how many ms the next refresh is due', async () => {
  await registered(', p_refresh_lag => 10, p_cooldown => 0');
  expect(await plan()).toBeNull();
  await order();
  expect(await plan()).toBe(10_000);
  await clock.advance(4);
  expect(await plan()).toBe(6_000);
});

test('a change seen during a refresh that does not serve it starts its own lag', async () => {
  const id = await registered(', p_refresh_lag => 10, p_cooldown => 0');
  await order();
  await plan();
  await clock.advance(10);
  await plan();
  await takeRequests(db);
  const refresher = await db.session('refresher');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
    [id],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
  await clock.advance(3);
  await order(); // not in the refresh's snapshot
  await plan();
  await clock.advance(3);
  await refresher.query(`refresh materialized view concurrently ${shop.view}`);
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
    id,
    claim?.epoch,
  ]);
  await refresher.query('commit');
  expect(await plan()).toBe(7_000); // 10 s after it was seen, of which 3 have passed
  await clock.advance(7);
  await plan();
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
});

test('a transaction that commits late counts from when its commit was seen, not from when it wrote', async () => {
  const id = await registered(', p_refresh_lag => 10, p_max_wait => 15, p_cooldown => 0');
  const writer = await db.session('writer');
  await writer.query('begin');
  await writer.query(`insert into ${shop.orders} (amount) values (1)`);
  await clock.advance(100);
  expect(await plan()).toBeNull();
  await writer.query('commit');
  expect(await plan()).toBe(10_000);
  expect(await requests(db, id)).toEqual([]);
});

describe('skips', () => {
  test('a paused view, logged once, and goes on when it is resumed', async () => {
    const id = await registered(', p_cooldown => 0');
    await db.query('update pgauto_mv.mv set paused_at = pgrelay.clock_now() where id = $1', [id]);
    await order();
    for (let i = 0; i < 3; i++) await plan();
    expect(await requests(db, id)).toEqual([]);
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toEqual([
      { reason: 'paused' },
    ]);
    await db.query('update pgauto_mv.mv set paused_at = null where id = $1', [id]);
    await plan();
    expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
  });

  test('a view that is being refreshed', async () => {
    const id = await registered(', p_cooldown => 0');
    await order();
    const refresher = await db.session('refresher');
    await refresher.query("select * from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')", [id]);
    await plan();
    expect(await requests(db, id)).toEqual([]);
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toEqual([
      { reason: 'in progress' },
    ]);
  });

  test('always have a reason, and a refresh that serves all that was seen is none', async () => {
    const id = await registered(', p_cooldown => 0');
    await order();
    await plan();
    const refresher = await db.session('refresher');
    await refresher.query("select * from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')", [id]);
    await plan();
    await plan();
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toEqual([]);
    await order();
    await plan();
    await refresher.query(
      "select pgauto_mv.release_refresh_v1($1, s.epoch, 'trigger', 'test') from pgauto_mv.state s where mv_id = $1",
      [id],
    );
    await plan();
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toEqual([
      { reason: 'in progress' },
    ]);
    expect(await requests(db, id)).not.toEqual([]);
  });

  test('everything while another planner has the turn', async () => {
    await registered(', p_cooldown => 0');
    await order();
    const other = await db.session('other planner');
    await other.query('begin');
    await other.query('select pgauto_mv.plan_v1()');
    expect(await plan()).toBeNull();
    await other.query('rollback');
    await plan();
    expect(await db.query('select from pgrelay.queue')).toHaveLength(1);
  });

  test('waits neither for a refresh, nor for an open unregister_mv or register_mv', async () => {
    const id = await registered(', p_cooldown => 0');
    await order();
    const dba = await db.session('dba');
    await dba.query('begin');
    await dba.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m where id = $1', [id]);
    const planner = await db.session('planner');
    await planner.query("set lock_timeout = '1ms'");
    await planner.query('select pgauto_mv.plan_v1()');
    await dba.query('rollback');
    await dba.query('begin');
    await dba.query(
      "select pgauto_mv.register_mv('daily', (select nspname from pg_namespace where nspname like 'shop%' order by oid desc offset 1 limit 1))",
    );
    await planner.query('select pgauto_mv.plan_v1()');
    await dba.query('rollback');
  });
});

test('a request that was cancelled is made again after 5 s', async () => {
  const id = await registered(', p_cooldown => 0');
  await order();
  await plan();
  await takeRequests(db);
  await plan();
  expect(await requests(db, id)).toEqual([]);
  await clock.advance(6);
  await plan();
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
});

test('a channel that takes no requests stops neither the planner nor other views, and is a problem row', async () => {
  await registered(', p_cooldown => 0');
  await order();
  await db.query("select pgrelay.disable_channel('pgauto_mv.refresh')");
  expect(await plan()).toBe(1000);
  expect(
    await db.query("select code, remedy from pgauto_mv.get_mv_problems() where code = 'request_refused'"),
  ).toHaveLength(1);
  await db.query("select pgrelay.resume_channel('pgauto_mv.refresh')");
  await plan();
  expect(await db.query("select from pgauto_mv.get_mv_problems() where code = 'request_refused'")).toEqual([]);
});
