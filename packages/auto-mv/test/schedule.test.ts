import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { declareChannel, refresh, requests, takeRequests } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { VirtualClock } from './support/virtual-clock.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Shop;

beforeAll(async () => {
  await declareChannel(db);
  clock = await VirtualClock.install(db); // 2030-01-01 00:00 UTC, a Tuesday
});
beforeEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await db.query('delete from pgauto_mv.schedule');
  await takeRequests(db);
  shop = await openShop(db);
});

async function plan(): Promise<number | null> {
  const rows = await db.query<{ ms: number | null }>('select pgauto_mv.plan_v1()::float8 as ms');
  return rows[0]?.ms ?? null;
}

const order = () => db.query(`insert into ${shop.orders} (amount) values (1)`);

/** A registered view that has been refreshed once, at a full hour of the clock. */
async function registered(
  setting: string,
  events?: string,
  view = 'daily',
  options = ', p_cooldown => 0',
): Promise<string> {
  const id = await watch(db, shop, events, options, view);
  await db.query(`update pgauto_mv.mv set ${setting} where id = $1`, [id]);
  await plan();
  await refresh(await db.connect(), id, 'first', null);
  await takeRequests(db);
  await clock.advance(7200 - (clock.seconds % 3600));
  await plan();
  await serve();
  return id;
}

/** Refreshes what is asked for, as a Processor would, and returns the sources. */
async function serve(): Promise<string[]> {
  const rows = await db.query<{ payload: string }>('select payload from pgrelay.queue order by place');
  await takeRequests(db);
  const client = await db.connect();
  const done: string[] = [];
  for (const { payload } of rows) {
    const { mv, source, token } = JSON.parse(payload);
    const result = await refresh(client, mv, source, token);
    done.push(result.kind === 'done' ? source : `${source}: ${result.kind}`);
  }
  await client.end();
  return done;
}

describe('a view with a schedule', () => {
  test('is refreshed at each of its times, though nothing is seen to change, and at no other', async () => {
    await registered("schedule = '*/15 * * * *'");
    const refreshedAt: string[] = [];
    for (let minute = 1; minute <= 60; minute++) {
      await clock.advance(60);
      await plan();
      await plan(); // asked for once
      for (const source of await serve()) refreshedAt.push(`${minute}: ${source}`);
    }
    expect(refreshedAt).toEqual(['15: schedule', '30: schedule', '45: schedule', '60: schedule']);
  });

  test('and with watches is refreshed for both reasons', async () => {
    await registered("schedule = 'every 1 hour'", 'INSERT', 'daily', ', p_refresh_lag => 10, p_cooldown => 0');
    await order();
    await plan();
    await clock.advance(10);
    await plan();
    expect(await serve()).toEqual(['trigger']);
    await clock.advance(3589);
    await plan();
    expect(await serve()).toEqual([]);
    await clock.advance(1);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('serves a change that would have had to wait longer', async () => {
    await registered("schedule = 'every 1 hour'", 'INSERT', 'daily', ', p_refresh_lag => 3000, p_cooldown => 0');
    await clock.advance(3000);
    await order();
    await plan();
    await clock.advance(600);
    await plan();
    expect(await serve()).toEqual(['schedule']);
    await clock.advance(2500);
    await plan();
    expect(await serve()).toEqual([]);
  });

  test('keeps its cooldown', async () => {
    const id = await registered("schedule = 'every 1 minute'", undefined, 'daily', ', p_cooldown => 90');
    await clock.advance(60);
    await plan();
    expect(await serve()).toEqual([]);
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toContainEqual({
      reason: 'cooldown',
    });
    await clock.advance(30);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('makes up for times that nobody looked at with one refresh', async () => {
    await registered("schedule = 'every 1 minute'");
    await clock.advance(600);
    await plan();
    expect(await serve()).toEqual(['schedule']);
    await plan();
    expect(await serve()).toEqual([]);
    await clock.advance(60);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('is refreshed again when the time comes while a refresh runs, which began before it', async () => {
    const id = await registered("schedule = 'every 1 hour'");
    await clock.advance(3599);
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await clock.advance(2);
    await plan();
    expect(await requests(db, id)).toEqual([]);
    await refresher.query(`refresh materialized view concurrently ${shop.view}`);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('is not refreshed again when a refresh that began after the time is under way before the planner looks', async () => {
    const id = await registered("schedule = 'every 1 hour'");
    await clock.advance(3601);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done' });
    await plan();
    expect(await requests(db, id)).toEqual([]);
  });

  test('is refreshed when two times have come before the planner looks, and only the first is served', async () => {
    const id = await registered("schedule = 'every 1 minute'");
    await clock.advance(90);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done' });
    await clock.advance(60);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('is refreshed once when two requests for one time are under way', async () => {
    const id = await registered("schedule = 'every 1 hour'");
    await clock.advance(3600);
    await plan();
    const client = await db.connect();
    expect(await refresh(client, id, 'schedule', null)).toMatchObject({ kind: 'done' });
    expect(await refresh(client, id, 'schedule', null)).toEqual({ kind: 'skipped', reason: 'fresh', retryMs: null });
  });

  test('that is paused waits, and is refreshed once when it is resumed', async () => {
    const id = await registered("schedule = 'every 1 hour'");
    await db.query('update pgauto_mv.mv set paused_at = pgrelay.clock_now() where id = $1', [id]);
    await plan();
    expect(await db.query("select from pgauto_mv.log where mv_id = $1 and reason = 'paused'", [id])).toEqual([]);
    for (let hour = 0; hour < 3; hour++) {
      await clock.advance(3600);
      await plan();
    }
    expect(await requests(db, id)).toEqual([]);
    expect(await db.query("select from pgauto_mv.log where mv_id = $1 and reason = 'paused'", [id])).toHaveLength(1);
    await db.query('update pgauto_mv.mv set paused_at = null where id = $1', [id]);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('tries again at the next time after a failure that waiting does not mend, and not before', async () => {
    await db.query(`create table ${shop.schema}.divisor (n int)`);
    await db.query(`insert into ${shop.schema}.divisor values (1)`);
    await db.query(`create materialized view ${shop.schema}.ratio as select 1 / n as r from ${shop.schema}.divisor`);
    const id = await registered("schedule = 'every 1 hour'", undefined, 'ratio');
    await db.query(`update ${shop.schema}.divisor set n = 0`);
    await clock.advance(3600);
    await plan();
    expect(await serve()).toEqual(['schedule: failed']);
    await clock.advance(1800);
    await plan();
    expect(await requests(db, id)).toEqual([]);
    await db.query(`update ${shop.schema}.divisor set n = 1`);
    await clock.advance(1800);
    await plan();
    expect(await serve()).toEqual(['schedule']);
  });

  test('retries a failure that goes away by itself', async () => {
    await addView(db, shop, 'counted');
    await registered("schedule = 'every 1 hour'", undefined, 'counted');
    const reader = await db.session('reader');
    await reader.query('begin');
    await reader.query(`select * from ${shop.schema}.counted`);
    await clock.advance(3600);
    await plan();
    expect(await serve()).toEqual(['schedule: failed']); // it has no unique index, so it needs the reader gone
    await reader.query('commit');
    await clock.advance(3);
    await plan();
    expect(await serve()).toEqual(['retry']);
    await plan();
    expect(await serve()).toEqual([]);
  });

  test('tells the planner when to come back', async () => {
    await registered("schedule = 'every 1 hour'");
    await clock.advance(1000);
    expect(await plan()).toBe(2_600_000);
  });
});

describe('a shared schedule', () => {
  test('refreshes every view that names it, in its zone', async () => {
    await addView(db, shop, 'counted');
    await db.query("select pgauto_mv.set_schedule('morning', '0 6 * * *', 'Asia/Tokyo')"); // 21:00 UTC the day before
    const daily = await registered("schedule = 'morning'");
    const counted = await registered("schedule = 'morning'", undefined, 'counted');
    expect(
      await db.query(
        "select name, views, to_char(next_fire_at at time zone 'UTC', 'HH24:MI') as at from pgauto_mv.schedules",
      ),
    ).toEqual([{ name: 'morning', views: [`${shop.schema}.counted`, `${shop.schema}.daily`], at: '21:00' }]);
    await clock.advance(86_400);
    await plan();
    const asked = await requests(db, daily, counted);
    expect(asked).toHaveLength(2);
    expect(asked).toEqual(expect.arrayContaining([daily, counted].map((mv) => ({ mv, source: 'schedule' }))));
  });

  test('takes effect at once when it is changed', async () => {
    await db.query("select pgauto_mv.set_schedule('often', 'every 1 hour')");
    const id = await registered("schedule = 'often'");
    await plan();
    await db.query("select pgauto_mv.set_schedule('often', 'every 1 minute')");
    expect(await plan()).toBe(60_000);
    await clock.advance(60);
    await plan();
    expect(await serve()).toEqual(['schedule']);
    await plan();
    await db.query('update pgauto_mv.mv set schedule = null where id = $1', [id]);
    await clock.advance(60);
    expect(await plan()).toBeNull();
    expect(await requests(db, id)).toEqual([]);
  });

  test('is not dropped while a view uses it', async () => {
    await db.query("select pgauto_mv.set_schedule('used', '@daily')");
    const id = await registered("schedule = 'used'");
    await expect(db.query("select pgauto_mv.drop_schedule('used')")).rejects.toMatchObject({
      code: 'PM071',
      message: expect.stringContaining(`${shop.schema}.daily`),
    });
    await db.query('update pgauto_mv.mv set schedule = null where id = $1', [id]);
    await db.query("select pgauto_mv.drop_schedule('used')");
    await expect(db.query("select pgauto_mv.drop_schedule('used')")).rejects.toMatchObject({ code: 'PM070' });
  });

  test.each([
    ["'n', 'sometimes'", 'PR029'],
    ["'n', '0 0 30 2 *'", 'PR029'],
    ["'n', '@daily', 'Europe/Atlantis'", 'PR029'],
    ["'n', '@daily', null", 'PR029'],
    ["'', '@daily'", 'PM072'],
    ["null, '@daily'", 'PM072'],
    ["'@hourly', '@daily'", 'PM072'],
    ["'every 5s', '@daily'", 'PM072'],
    ["repeat('n', 196), '@daily'", 'PM072'],
  ])('set_schedule(%s) is %s', async (args, code) => {
    await expect(db.query(`select pgauto_mv.set_schedule(${args})`)).rejects.toMatchObject({ code });
  });

  test('or a spec is what a view can have: check_mv_schedule', async () => {
    await db.query("select pgauto_mv.set_schedule('known', '@daily')");
    await db.query("select pgauto_mv.check_mv_schedule(s) from unnest(array['known', 'every 5s', '@hourly', null]) s");
    await expect(db.query("select pgauto_mv.check_mv_schedule('unknown')")).rejects.toMatchObject({
      code: 'PM070',
      message: expect.stringContaining("'unknown'"),
    });
    await expect(db.query("select pgauto_mv.check_mv_schedule('61 * * * *')")).rejects.toMatchObject({
      code: 'PM070',
      message: expect.stringContaining('the field minute'),
    });
  });
});

test('a schedule that is none or never fires stops neither the planner nor other views, and is a problem row', async () => {
  await addView(db, shop, 'counted');
  await registered("schedule = 'nonsense'");
  const counted = await registered("schedule = '0 0 30 2 *'", 'INSERT', 'counted');
  await order();
  await plan();
  expect(await requests(db, counted)).toEqual([{ mv: counted, source: 'trigger' }]);
  expect(
    await db.query("select object from pgauto_mv.get_mv_problems() where code = 'schedule_never_fires' order by 1"),
  ).toEqual([{ object: `${shop.schema}.counted` }, { object: `${shop.schema}.daily` }]);
});

describe('a safety refresh', () => {
  test('comes when the contents are that old, though nothing is seen to change', async () => {
    await registered("safety_refresh = '1 hour'", 'INSERT');
    const begin = clock.seconds;
    const refreshedAt: string[] = [];
    while (clock.seconds - begin < 4 * 3600) {
      await clock.advance(300);
      if (clock.seconds - begin === 1500) await order(); // puts the next one off: the contents are new then
      await plan();
      for (const source of await serve()) refreshedAt.push(`${clock.seconds - begin}: ${source}`);
    }
    expect(refreshedAt).toEqual(['1500: trigger', '5100: safety', '8700: safety', '12300: safety']);
  });

  test('brings in what no watch has seen', async () => {
    await registered("safety_refresh = '1 hour'");
    await order();
    await plan();
    expect(await serve()).toEqual([]);
    await clock.advance(3600);
    await plan();
    expect(await serve()).toEqual(['safety']);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 1 }]);
  });

  test('that fails for good waits as long again', async () => {
    await db.query(`create table ${shop.schema}.divisor (n int)`);
    await db.query(`insert into ${shop.schema}.divisor values (1)`);
    await db.query(`create materialized view ${shop.schema}.ratio as select 1 / n as r from ${shop.schema}.divisor`);
    await registered("safety_refresh = '1 hour'", undefined, 'ratio');
    await db.query(`update ${shop.schema}.divisor set n = 0`);
    await clock.advance(3600);
    await plan();
    expect(await serve()).toEqual(['safety: failed']);
    await clock.advance(3599);
    await plan();
    expect(await serve()).toEqual([]);
    await clock.advance(1);
    await plan();
    expect(await serve()).toEqual(['safety: failed']);
  });
});

test('a view with neither watch nor schedule is refreshed on request only', async () => {
  const id = await registered('schedule = null');
  await order();
  await clock.advance(86_400);
  expect(await plan()).toBeNull();
  expect(await requests(db, id)).toEqual([]);
  await db.query(`select pgauto_mv.refresh_materialised_view_now('${shop.view}'::regclass)`);
  expect(await serve()).toEqual(['now']);
});
