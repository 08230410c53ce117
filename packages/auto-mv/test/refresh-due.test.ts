import { until, useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { busyWriter } from './support/busy.js';
import { withLogin } from './support/login.js';
import { order, refreshes, slowView, useProcessors } from './support/processor.js';
import { isDirty } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
const start = useProcessors(db);

let shop: Shop;
beforeEach(async () => {
  shop = await openShop(db);
});
afterEach(() => db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m'));

const call = async (args = '') =>
  Number((await db.query<{ p_refreshed: string }>(`call pgauto_mv.refresh_due(${args})`))[0]?.p_refreshed);
const untilCallSleeps = () =>
  until(
    async () =>
      (
        await db.query(
          "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' and query ~ '^call'",
        )
      ).length > 0,
    'a refresh of a call sleeps',
  );
const done = (id: string) =>
  db.query<{ source: string; outcome: string }>(
    "select source, outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id",
    [id],
  );

describe('without a Processor, and with none ever', () => {
  test('a call refreshes what is due, views above first, once each, and nothing else', async () => {
    await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as n from ${shop.view}`);
    const below = await registerDerived(db, `${shop.schema}.total`, ', p_cooldown => 0');
    const above = await registerDerived(db, shop.view, ', p_cooldown => 0');
    expect(await call()).toBe(2);
    await order(db, shop, 4);
    expect([await call(), await call()]).toEqual([2, 0]);
    expect(await db.query(`select n::int from ${shop.schema}.total`)).toEqual([{ n: 4 }]);
    expect([await done(above), await done(below)]).toEqual([
      [
        { source: 'first', outcome: 'done' },
        { source: 'trigger', outcome: 'done' },
      ],
      [
        { source: 'first', outcome: 'done' },
        { source: 'chain', outcome: 'done' },
      ],
    ]);
    expect(
      await db.query("select code from pgauto_mv.get_mv_problems() where code in ('no_processor', 'request_refused')"),
    ).toEqual([]);
  });

  test('the call is the remedy for having no Processor', async () => {
    await watch(db, shop, 'INSERT');
    await db.query("select setval('pgauto_mv.planner_beat', 0)");
    const problem = () =>
      db.query<{ remedy: string }>("select remedy from pgauto_mv.get_mv_problems() where code = 'no_processor'");
    await db.query((await problem())[0]?.remedy ?? '');
    expect(await problem()).toEqual([]);
  });

  test('it keeps lag, cooldown and pause; named, a view is refreshed all the same', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_refresh_lag => 3600');
    expect(await call()).toBe(1);
    await order(db, shop);
    expect(await call()).toBe(0);
    await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
    expect(await call(`'${shop.view}'`)).toBe(1);
    expect(await isDirty(db, id)).toBe(false);
    expect((await done(id)).at(-1)).toEqual({ source: 'now', outcome: 'done' });
    await expect(call("'pg_class'")).rejects.toMatchObject({ code: 'PM004' });
  });

  test('it fulfils the wish of somebody who waits', async () => {
    await watch(db, shop, undefined); // watches nothing, so only the token says what is missing
    await call();
    const token = await order(db, shop, 8);
    await db.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, p_cooldown => 0)`);
    const waiter = await db.session('waiter');
    const waits = waiter.start(`select pgauto_mv.wait_until_fresh('${shop.view}', '${token}', '1 min') as fresh`);
    await until(async () => (await call()) === 1, 'the wish is served');
    expect(await waits).toEqual([{ fresh: true }]);
  });

  test('a view that fails is recorded, and the others are refreshed', async () => {
    await db.query(
      `create materialized view ${shop.schema}.ratio as select 1 / count(*) as r from ${shop.orders} with no data`,
    );
    const failing = await watch(db, shop, 'INSERT', '', 'ratio');
    const id = await watch(db, shop, 'INSERT');
    expect(await call()).toBe(1);
    expect([await done(failing), await done(id)]).toEqual([
      [{ source: 'first', outcome: 'failed' }],
      [{ source: 'first', outcome: 'done' }],
    ]);
    expect(await db.query('select failed_sqlstate from pgauto_mv.freshness where id = $1', [failing])).toEqual([
      { failed_sqlstate: '22012' },
    ]);
  });

  test("the caller's statement timeout ends the call as a failure of the view, and the next call goes on with others", async () => {
    const slow = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (30)`);
    const caller = await db.connect();
    await caller.query("set statement_timeout = '300 ms'");
    await expect(caller.query('call pgauto_mv.refresh_due()')).rejects.toMatchObject({ code: '57014' });
    await caller.query('reset statement_timeout');
    const id = await watch(db, shop, 'INSERT');
    expect((await caller.query('call pgauto_mv.refresh_due()')).rows).toEqual([{ p_refreshed: '1' }]);
    expect([await refreshes(db, slow), await refreshes(db, id)]).toEqual([0, 1]);
    await db.query(`delete from ${shop.schema}.gate`);
  });

  test('it puts triggers on that a registration left over, and back that were dropped', async () => {
    const writer = await busyWriter(db, shop.orders);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await writer.query('commit');
    expect(await call()).toBe(1);
    const trigger = async () =>
      (
        await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [shop.orders])
      )[0]?.tgname;
    await db.query(`drop trigger ${await trigger()} on ${shop.orders}`);
    await order(db, shop, 3);
    await call();
    expect(await trigger()).toBeDefined();
    expect([await isDirty(db, id), await db.query(`select revenue::int from ${shop.view} where revenue > 1`)]).toEqual([
      false,
      [{ revenue: 3 }],
    ]);
  });

  test('it collects served changes, and leaves the settings of the session as they were', async () => {
    await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await call();
    await order(db, shop);
    const caller = await db.connect();
    const settings = async () =>
      (
        await caller.query(
          "select current_setting('deadlock_timeout') as d, current_setting('search_path') as s, current_setting('statement_timeout') as t, current_setting('lock_timeout') as l",
        )
      ).rows;
    const before = await settings();
    await caller.query('call pgauto_mv.refresh_due()');
    await caller.query('call pgauto_mv.refresh_due()');
    expect(await settings()).toEqual(before);
    expect(await db.query('select from pgauto_mv.change')).toEqual([]);
  });

  test('inside a transaction it is refused before anything is done', async () => {
    await watch(db, shop, 'INSERT');
    const session = await db.session('in a block');
    await session.query('begin');
    await expect(session.query('call pgauto_mv.refresh_due()')).rejects.toMatchObject({ code: '2D000' });
  });

  test('each view is committed by itself', async () => {
    await addView(db, shop, 'counted');
    const first = await watch(db, shop, 'INSERT', '', 'counted');
    await call();
    const slow = await slowView(db, shop);
    await db.query(
      `select pgauto_mv.alter_mv('${shop.schema}.slow'::regclass, p_chain => array['${shop.schema}.counted']::regclass[])`,
    );
    await db.query('select pgauto_mv.alter_mv(m.view, p_cooldown => 0) from pgauto_mv.mv m');
    await call();
    await db.query(`insert into ${shop.schema}.gate values (2)`);
    await order(db, shop);
    const caller = await db.session('caller');
    const running = caller.start('call pgauto_mv.refresh_due()');
    await untilCallSleeps();
    expect([await isDirty(db, first), await isDirty(db, slow)]).toEqual([false, true]);
    await running;
    expect(await isDirty(db, slow)).toBe(false);
  });
});

describe('beside others', () => {
  test('two calls and a Processor never refresh one view at the same time', async () => {
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (0.05)`);
    await start({ plannerEveryMs: 10 });
    let most = 0;
    let stop = false;
    const look = (async () => {
      while (!stop) {
        const [row] = await db.query<{ n: number }>(
          "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' and state = 'active'",
        );
        most = Math.max(most, row?.n ?? 0);
      }
    })();
    const callers = [1, 2].map(async (n) => {
      const session = await db.session(`caller ${n}`);
      for (let i = 0; i < 40; i++) {
        await order(db, shop);
        await session.query('call pgauto_mv.refresh_due()');
      }
    });
    await Promise.all(callers);
    await until(async () => !(await isDirty(db, id)), 'everything is served');
    stop = true;
    await look;
    expect(most).toBe(1);
    const rows = await db.query<{ revenue: number }>(`select revenue::int from ${shop.schema}.slow`);
    expect(rows).toEqual([{ revenue: 80 }]);
    const overlapping = await db.query(
      `select from pgauto_mv.log a join pgauto_mv.log b on b.mv_id = a.mv_id and b.id > a.id and b.at - b.duration < a.at
       where a.mv_id = $1 and a.outcome = 'done' and b.outcome = 'done'`,
      [id],
    );
    expect(overlapping).toEqual([]);
  });

  test('a view that somebody refreshes is passed over', async () => {
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (2)`);
    const first = await db.session('first');
    const running = first.start('call pgauto_mv.refresh_due()');
    await untilCallSleeps();
    expect([await call(), await call(`'${shop.schema}.slow'`)]).toEqual([0, 0]);
    await running;
    expect(await refreshes(db, id)).toBe(1);
  });
});

test('the caller needs the role pgrelay_processor and the right to refresh the view, no more', async () => {
  const id = await watch(db, shop, 'INSERT');
  await withLogin(db, ['pgrelay_processor'], async (client, user) => {
    await db.query(`grant usage on schema ${shop.schema} to ${user}`);
    expect((await client.query('call pgauto_mv.refresh_due()')).rows).toEqual([{ p_refreshed: '0' }]);
    expect(await db.query('select failed_sqlstate from pgauto_mv.freshness where id = $1', [id])).toEqual([
      { failed_sqlstate: '42501' },
    ]);
    await db.query(`grant create on schema ${shop.schema} to ${user}; grant select on ${shop.orders} to ${user}`);
    await db.query(`alter materialized view ${shop.view} owner to ${user}`);
    expect((await client.query(`call pgauto_mv.refresh_due('${shop.view}')`)).rows).toEqual([{ p_refreshed: '1' }]);
    await db.query(`alter materialized view ${shop.view} owner to current_user`);
  });
  await withLogin(db, ['pgrelay_admin'], async (admin) => {
    await expect(admin.query('call pgauto_mv.refresh_due()')).rejects.toMatchObject({ code: '42501' });
  });
});
