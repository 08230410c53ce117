import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AutoMvOptions, autoMv } from '@pgrelay/auto-mv';
import { Processor } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { isDirty } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
const running: Processor[] = [];

async function start(options: AutoMvOptions = {}, url = db.url): Promise<Processor> {
  const processor = new Processor({
    connectionString: url,
    plugins: [autoMv({ plannerEveryMs: 50, ...options })],
    pollIntervalMs: 50,
    leaseMs: 1000,
    drainTimeoutMs: 200,
    log: pino({ level: 'silent' }),
  });
  running.push(processor);
  await processor.start();
  return processor;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((processor) => processor.stop()));
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
});

/** Writes and returns the token of the transaction. */
async function order(shop: Shop, amount = 1): Promise<string> {
  const rows = await db.query<{ token: string }>(
    `with o as (insert into ${shop.orders} (amount) values ($1)) select pg_current_xact_id()::text as token`,
    [amount],
  );
  return rows[0]?.token ?? '';
}

const refreshes = async (id: string): Promise<number> => {
  const rows = await db.query<{ n: number }>('select refreshes::int as n from pgauto_mv.freshness where id = $1', [id]);
  return rows[0]?.n ?? 0;
};

const untilFresh = (id: string) =>
  until(async () => !(await isDirty(db, id)) && (await refreshes(id)) > 0, `view ${id} is fresh`);

/** A view whose refresh sleeps while a row of the table `gate` says so. */
async function slowView(shop: Shop): Promise<string> {
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`create materialized view ${shop.schema}.slow as
    select (select sum(amount) from ${shop.orders}) as revenue, count(*) as n from ${shop.schema}.gate g, lateral pg_sleep(g.seconds)`);
  return watch(db, shop, 'INSERT', ', p_cooldown => 0', 'slow');
}

/** The backend that sleeps in a refresh. */
const untilSleeping = () =>
  until(async () => {
    const rows = await db.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' and query ~ '^refresh'",
    );
    return rows[0]?.pid;
  }, 'a refresh sleeps');

test('a committed write is in the view when wait_until_fresh returns true, 20 times', async () => {
  const shop = await openShop(db);
  await watch(db, shop, 'INSERT', ', p_cooldown => 0, p_refresh_lag => 30');
  await start();
  for (let i = 1; i <= 20; i++) {
    const token = await order(shop);
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
  await order(shop, 7);
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
  await order(shop, 0);
  await start();
  await untilFresh(id);
  await db.query("update pgauto_mv.state set done_at = done_at - interval '1 min' where mv_id = $1", [id]); // the cooldown is over
  const before = await refreshes(id);
  const writer = await db.connect();
  const begin = performance.now();
  for (let i = 0; i < 500; i++) {
    await writer.query(`update ${shop.orders} set amount = amount + 1, day = clock_timestamp()`);
    const behind = begin + i * 4 - performance.now();
    if (behind > 0) await writer.query('select pg_sleep($1)', [behind / 1000]);
  }
  const { rows } = await writer.query('select clock_timestamp() as at');
  await until(async () => (await refreshes(id)) > before, 'it is refreshed');
  const [done] = await db.query<{ started: Date }>(
    "select at - duration as started from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id desc limit 1",
    [id],
  );
  const seconds = ((done?.started.getTime() ?? 0) - rows[0].at.getTime()) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(9.9);
  expect(seconds).toBeLessThan(12);
  expect(await refreshes(id)).toBe(before + 1);
  expect(await isDirty(db, id)).toBe(false);
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 500 }]);
});

test('refresh_materialised_view_now is done, and its event says so', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, undefined, ', p_cooldown => 3600');
  await start();
  await untilFresh(id);
  await order(shop, 5);
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

test('refresh_materialised_view_now during a refresh is served after it', async () => {
  const shop = await openShop(db);
  const id = await slowView(shop);
  await db.query(`insert into ${shop.schema}.gate values (1)`);
  await start();
  await untilSleeping();
  await order(shop, 5);
  await db.query(`delete from ${shop.schema}.gate`);
  await db.query(`select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')`);
  await until(
    async () => (await db.query(`select from ${shop.schema}.slow where revenue = 5`)).length === 1,
    'the view shows the order',
  );
  expect(await refreshes(id)).toBeGreaterThanOrEqual(2);
});

describe('a request of the planner', () => {
  test('comes back to a request that was made a moment before the cooldown ended, and forgets none', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 1');
    await start();
    await untilFresh(id);
    await order(shop);
    await db.query('set role pgrelay_owner');
    const [early] = await db.query<{ id: string }>(
      "select pgauto_mv.request_refresh($1::bigint, 'trigger', null, 'early')::text as id",
      [id],
    );
    await db.query('reset role');
    await untilFresh(id);
    const ends = await until(async () => {
      const rows = await db.query<{ outcome: string }>(
        'select outcome from pgrelay.log where event_id = $1 order by attempt',
        [early?.id],
      );
      return rows.length === 2 && rows.map((row) => row.outcome);
    }, 'the early request came back');
    expect(ends).toEqual(['snoozed', 'done']);
  });
});

describe('a Processor that stops in the middle of a refresh', () => {
  test('gives it back, and the next one does it', async () => {
    const shop = await openShop(db);
    const id = await slowView(shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const processor = await start();
    await untilSleeping();
    await processor.stop();
    expect(await db.query("select outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt'", [id])).toEqual([
      { outcome: 'released' },
    ]);
    await db.query(`delete from ${shop.schema}.gate`);
    await start();
    await untilFresh(id);
  });

  test('by SIGKILL: the refresh goes with it, and the next one does it again', async () => {
    const shop = await openShop(db);
    const id = await slowView(shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const child = fork(new URL('fixtures/processor.mjs', import.meta.url), [db.url], { silent: true });
    await untilSleeping();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await db.query(`delete from ${shop.schema}.gate`);
    await order(shop, 3);
    await start();
    await untilFresh(id);
    expect(await db.query(`select revenue::int, n::int from ${shop.schema}.slow`)).toEqual([{ revenue: 3, n: 0 }]);
  });
});

describe('repair', () => {
  const dropTrigger = async (shop: Shop) => {
    const [row] = await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [
      shop.orders,
    ]);
    await db.query(`drop trigger ${row?.tgname} on ${shop.orders}`);
  };

  test('puts a dropped trigger back, and the view catches up', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await start({ repairEveryMs: 100 });
    await untilFresh(id);
    await dropTrigger(shop);
    await order(shop, 4);
    await until(
      async () => (await db.query(`select from ${shop.view} where revenue = 4`)).length === 1,
      'the view shows the order',
    );
    await untilFresh(id);
  });

  test('is an option: switched off, the trigger stays away and is a problem row', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await start({ repair: false, repairEveryMs: 100 });
    await untilFresh(id);
    await dropTrigger(shop);
    const other = await openShop(db);
    const otherId = await watch(db, other, 'INSERT');
    await untilFresh(otherId); // the Processor has been round since
    expect(await db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [shop.orders])).toEqual([
      { code: 'trigger_missing' },
    ]);
  });
});

test('never more refreshes at once than maxConcurrentRefreshes', async () => {
  const shop = await openShop(db);
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`insert into ${shop.schema}.gate values (0.2)`);
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

test('the login of a Processor needs the role pgrelay_processor and its views, no more', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await withLogin(db, ['pgrelay_processor'], async (_client, user, password) => {
    await db.query(`grant usage, create on schema ${shop.schema} to ${user}`);
    await db.query(`grant select, trigger on ${shop.orders} to ${user}`);
    await db.query(`alter materialized view ${shop.view} owner to ${user}`);
    const url = new URL(db.url);
    url.username = user;
    url.password = password;
    const processor = await start({ repairEveryMs: 100 }, url.href);
    await untilFresh(id);
    await order(shop, 6);
    await until(async () => (await revenue(shop)) === 6, 'the view shows the order');
    const [row] = await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [
      shop.orders,
    ]);
    await db.query(`drop trigger ${row?.tgname} on ${shop.orders}`);
    await order(shop, 4);
    await until(async () => (await revenue(shop)) === 10, 'the trigger is back and the view shows both');
    await processor.stop();
    await db.query(`alter materialized view ${shop.view} owner to current_user`);
  });
});

async function revenue(shop: Shop): Promise<number> {
  const rows = await db.query<{ revenue: number }>(`select sum(revenue)::int as revenue from ${shop.view}`);
  return rows[0]?.revenue ?? 0;
}
