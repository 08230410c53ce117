import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { order, useProcessors } from './support/processor.js';
import { declareChannel, isDirty, refresh, requests, takeRequests } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';
import { changesOf, registerDerived, repairAll } from './support/watches.js';

const db = useDatabase();
const start = useProcessors(db);
beforeAll(() => declareChannel(db));

let shop: Shop;
let mv: string;
beforeEach(async () => {
  shop = await openShop(db);
  mv = await watch(db, shop, 'INSERT,UPDATE,DELETE,TRUNCATE', ', p_cooldown => 0');
  await refresh(await db.connect(), mv);
});

const gate = () => db.query(`select pgauto_mv.gate_source('${shop.orders}')`);
const ungate = () => db.query(`select pgauto_mv.ungate_source('${shop.orders}')`);
const revenue = () => db.query(`select coalesce(sum(revenue), 0)::int as n from ${shop.view}`);
const codes = (object: string) => db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [object]);

describe('while a source is gated', () => {
  test('its triggers stay out of the way, and the view is dirty and not refreshed', async () => {
    await gate();
    const token = await order(db, shop, 5);
    expect(await changesOf(db, mv)).toEqual([]);
    expect(await isDirty(db, mv)).toBe(true);
    expect(await db.query(`select pgauto_mv.is_fresh('${shop.view}', $1::xid8) as fresh`, [token])).toEqual([
      { fresh: false },
    ]);
    expect(
      await db.query(`select is_dirty from pgauto_mv.materialized_view_state where view_name = '${shop.view}'`),
    ).toEqual([{ is_dirty: true }]);
    await takeRequests(db);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await requests(db, mv)).toEqual([]);
    expect(await refresh(await db.connect(), mv, 'trigger', null)).toEqual({
      kind: 'skipped',
      reason: 'gated',
      retryMs: null,
    });
    expect(await codes(shop.orders)).toEqual([{ code: 'source_gated' }]);
    expect(await codes(shop.view)).toEqual([]);
  });

  test('repair does not switch its triggers on, and makes nothing dirty', async () => {
    await gate();
    await order(db, shop, 5);
    expect(await repairAll(db)).toBe(0);
    expect(
      await db.query("select from pg_trigger where tgrelid = $1::regclass and tgenabled <> 'D'", [shop.orders]),
    ).toEqual([]);
  });

  test('a change of another source does not get the view refreshed either, and is not lost', async () => {
    await db.query(`create table ${shop.schema}.extra (n integer)`);
    await db.query(
      `create materialized view ${shop.schema}.both as select count(*) as n from ${shop.orders}, ${shop.schema}.extra`,
    );
    const both = await registerDerived(db, `${shop.schema}.both`, ', p_cooldown => 0');
    await refresh(await db.connect(), both);
    await gate();
    await db.query(`insert into ${shop.schema}.extra values (1)`);
    await takeRequests(db);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await requests(db, both)).toEqual([]);
    expect(await db.query('select skip_reason from pgauto_mv.freshness where id = $1', [both])).toEqual([
      { skip_reason: 'gated' },
    ]);
    await ungate();
    await db.query('select pgauto_mv.plan_v1()');
    expect((await requests(db, both)).length).toBe(1);
  });

  test('an explicit refresh shows what has been loaded, and the view stays dirty', async () => {
    await gate();
    const token = await order(db, shop, 5);
    expect(await refresh(await db.connect(), mv)).toMatchObject({ kind: 'done' });
    expect(await revenue()).toEqual([{ n: 5 }]);
    expect(await db.query(`select pgauto_mv.is_fresh('${shop.view}', $1::xid8) as fresh`, [token])).toEqual([
      { fresh: true },
    ]);
    await order(db, shop, 6);
    expect(await isDirty(db, mv)).toBe(true);
  });

  test('a view that is registered meanwhile is gated, too, and its triggers are off', async () => {
    await gate();
    await db.query(`create materialized view ${shop.schema}.later as select sum(amount) as n from ${shop.orders}`);
    const later = await registerDerived(db, `${shop.schema}.later`);
    await refresh(await db.connect(), later);
    await order(db, shop, 5);
    await db.query(`update ${shop.orders} set amount = 7`); // noticed by a trigger that is new
    expect(await changesOf(db, later)).toEqual([]);
    expect(await isDirty(db, later)).toBe(true);
    await ungate();
    await refresh(await db.connect(), later);
    await order(db, shop, 6);
    expect(await changesOf(db, later)).toEqual(['INSERT']);
  });
});

describe('when the gate ends', () => {
  test('the view is dirty once, is refreshed, and follows its source again', async () => {
    await gate();
    await order(db, shop, 5);
    await ungate();
    expect(await isDirty(db, mv)).toBe(true);
    expect(await codes(shop.orders)).toEqual([]);
    await refresh(await db.connect(), mv, 'first', null);
    expect([await revenue(), await isDirty(db, mv), await repairAll(db)]).toEqual([[{ n: 5 }], false, 0]);
    await order(db, shop, 6);
    expect([await changesOf(db, mv), await isDirty(db, mv)]).toEqual([['INSERT'], true]);
  });

  test('a refresh that began before cannot hide what was loaded after its snapshot', async () => {
    await gate();
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')",
      [mv],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [mv, claim?.epoch]);
    await order(db, shop, 5);
    const loader = await db.session('loader');
    const ended = loader.start(`select pgauto_mv.ungate_source('${shop.orders}')`);
    await loader.untilBlocked();
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'concurrently', null)", [
      mv,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    await ended;
    expect(await isDirty(db, mv)).toBe(true);
  });

  test('it waits for nobody who loads: a busy table is PM009, and nothing has changed', async () => {
    await gate();
    const loader = await db.session('loader');
    await loader.query('begin');
    await loader.query(`insert into ${shop.orders} (amount) values (5)`);
    await expect(ungate()).rejects.toMatchObject({ code: 'PM009', hint: expect.any(String) });
    expect(await codes(shop.orders)).toEqual([{ code: 'source_gated' }]);
    await loader.query('commit');
    await ungate();
    expect(await isDirty(db, mv)).toBe(true);
  });

  test('in one transaction with the load', async () => {
    await db.query(`begin; select pgauto_mv.gate_source('${shop.orders}');
      insert into ${shop.orders} (amount) select 1 from generate_series(1, 100);
      select pgauto_mv.ungate_source('${shop.orders}'); commit`);
    expect([await changesOf(db, mv), await isDirty(db, mv)]).toEqual([[], true]);
    await refresh(await db.connect(), mv);
    expect([await revenue(), await isDirty(db, mv)]).toEqual([[{ n: 100 }], false]);
  });
});

test('a gate over a partitioned table holds its partitions and their copies of triggers', async () => {
  const p = `${shop.schema}.p`;
  await db.query(`create table ${p} (k integer, n integer) partition by list (k)`);
  await db.query(`create table ${p}_1 partition of ${p} for values in (1)`);
  await db.query(`create materialized view ${shop.schema}.over_p as select sum(n) as n from ${p}`);
  const over = await registerDerived(db, `${shop.schema}.over_p`);
  await refresh(await db.connect(), over);
  await db.query(`select pgauto_mv.gate_source('${p}')`);
  for (const table of [p, `${p}_1`]) {
    await db.query(`insert into ${table} values (1, 1)`);
    await db.query(`update ${table} set n = 2`);
    await db.query(`delete from ${table}`);
  }
  expect([await changesOf(db, over), await isDirty(db, over)]).toEqual([[], true]);
  await db.query(`select pgauto_mv.ungate_source('${p}')`);
  await refresh(await db.connect(), over);
  await db.query(`insert into ${p}_1 values (1, 1)`);
  await db.query(`update ${p}_1 set n = 2`);
  await db.query(`delete from ${p}_1`);
  expect(await changesOf(db, over)).toEqual(['INSERT', 'UPDATE', 'DELETE']);
});

describe('refused, with a code and a hint', () => {
  test('a table that nobody watches, one that is gated already, one that is not', async () => {
    await db.query(`create table ${shop.schema}.lonely (n integer)`);
    const cases: readonly [string, string][] = [
      [`select pgauto_mv.gate_source('${shop.schema}.lonely')`, 'PM050'],
      [`select pgauto_mv.gate_source(null)`, 'PM050'],
      [`select pgauto_mv.ungate_source('${shop.orders}')`, 'PM052'],
    ];
    for (const [sql, code] of cases) {
      await expect(db.query(sql), sql).rejects.toMatchObject({ code, hint: expect.stringMatching(/\w/) });
    }
    await gate();
    await expect(gate()).rejects.toMatchObject({ code: 'PM051', hint: expect.stringContaining('ungate_source') });
    await ungate();
  });

  test('a caller who does not own the table, and one who is no admin', async () => {
    await withLogin(db, ['pgrelay_admin'], async (admin, user) => {
      await db.query(`grant usage on schema ${shop.schema} to ${user}`);
      await expect(admin.query(`select pgauto_mv.gate_source('${shop.orders}')`)).rejects.toMatchObject({
        code: 'PM010',
      });
    });
    expect(await codes(shop.orders)).toEqual([]);
    await withLogin(db, ['pgrelay_producer'], async (producer, user) => {
      await db.query(`grant usage on schema ${shop.schema} to ${user}`);
      await expect(producer.query(`select pgauto_mv.gate_source('${shop.orders}')`)).rejects.toMatchObject({
        code: '42501',
      });
    });
  });
});

test('a Processor leaves a gated view alone, and catches up by itself when the gate ends', async () => {
  const quiet = await openShop(db);
  const other = await watch(db, quiet, 'INSERT', ', p_cooldown => 0');
  await gate();
  await order(db, shop, 5);
  await start({ repairEveryMs: 100 });
  await order(db, quiet, 1);
  await until(async () => !(await isDirty(db, other)), 'the Processor has refreshed another view');
  expect(await revenue()).toEqual([{ n: 0 }]);
  await ungate();
  await until(async () => !(await isDirty(db, mv)), 'the view is fresh');
  expect(await revenue()).toEqual([{ n: 5 }]);
});
