import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let shop: Shop;
beforeEach(async () => {
  shop = await openShop(db);
});

/** Repairs until there is nothing to do; returns how often there was. */
async function repair(): Promise<number> {
  for (let done = 0; ; done++) {
    const [row] = await db.query<{ mv: string | null }>('select pgauto_mv.repair_view_v1() as mv');
    if (row?.mv === null) return done;
  }
}

const codes = (object: string) => db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [object]);

/** A registered materialized view over a plain view over another one over orders. */
async function overPlainViews(derived: boolean): Promise<string> {
  const { schema } = shop;
  await db.query(`create view ${schema}.inner_view as select amount as n from ${shop.orders}`);
  await db.query(`create view ${schema}.outer_view as select n from ${schema}.inner_view`);
  await db.query(`create materialized view ${schema}.over as select sum(n) as n from ${schema}.outer_view`);
  await db.query(`create unique index on ${schema}.over (n)`);
  const [row] = derived
    ? await db.query<{ id: string }>(`select pgauto_mv.register_mv('${schema}.over'::regclass) as id`)
    : [{ id: await watch(db, shop, 'INSERT', '', 'over') }];
  await db.query(`insert into ${shop.orders} (amount) values (1)`);
  await refresh(await db.connect(), row?.id ?? '');
  await repair();
  return row?.id ?? '';
}

const contents = () => db.query(`select n::int from ${shop.schema}.over`);

describe('a plain view below', () => {
  test.each([true, false])('that is replaced makes the view dirty (watches derived: %s)', async (derived) => {
    const id = await overPlainViews(derived);
    expect([await contents(), await isDirty(db, id), await codes(`${shop.schema}.over`)]).toEqual([
      [{ n: 1 }],
      false,
      [],
    ]);
    await db.query(`create or replace view ${shop.schema}.inner_view as select amount + 100 as n from ${shop.orders}`);
    expect(await codes(`${shop.schema}.over`)).toEqual([{ code: 'contents_in_doubt' }]);
    expect([await repair(), await isDirty(db, id)]).toEqual([1, true]);
    await refresh(await db.connect(), id);
    expect([await contents(), await repair(), await isDirty(db, id)]).toEqual([[{ n: 101 }], 0, false]);
    expect(await codes(`${shop.schema}.over`)).toEqual([]);
  });

  test('that reads another table now has that one watched, if the watches are derived', async () => {
    const id = await overPlainViews(true);
    await db.query(`create table ${shop.schema}.extra (n numeric)`);
    await db.query(`create or replace view ${shop.schema}.inner_view as select n from ${shop.schema}.extra`);
    expect(await repair()).toBe(2);
    await refresh(await db.connect(), id);
    expect([await repair(), await isDirty(db, id)]).toEqual([0, false]);
    await db.query(`insert into ${shop.schema}.extra values (7)`);
    expect(await isDirty(db, id)).toBe(true);
  });

  test('that is being replaced does not make repair wait', async () => {
    await overPlainViews(true);
    const ddl = await db.session('ddl');
    await ddl.query('begin');
    await ddl.query(`create or replace view ${shop.schema}.inner_view as select amount + 1 as n from ${shop.orders}`);
    await ddl.query('select pgauto_mv.lock_registry()');
    const repairer = await db.session('repairer');
    await repairer.query("set lock_timeout = '1ms'");
    expect(await repairer.query('select pgauto_mv.repair_view_v1() as mv')).toEqual([{ mv: null }]);
    await ddl.query('commit');
    expect(await repair()).toBe(1);
  });
});

describe('a trigger', () => {
  const filled = async (): Promise<string> => {
    const id = await watch(db, shop, 'INSERT');
    await refresh(await db.connect(), id);
    expect([await repair(), await isDirty(db, id)]).toEqual([0, false]);
    return id;
  };
  const revenue = () => db.query(`select revenue::int from ${shop.view}`);
  const load = () => db.query(`insert into ${shop.orders} (amount) values (9)`);
  const turn = (how: string) => db.query(`alter table ${shop.orders} ${how} trigger user`);

  test('that was off for a moment makes the view dirty: rows may be missing', async () => {
    const id = await filled();
    await turn('disable');
    await load();
    await turn('enable');
    expect(await codes(shop.view)).toEqual([{ code: 'contents_in_doubt' }]);
    expect([await repair(), await isDirty(db, id)]).toEqual([1, true]);
    await refresh(await db.connect(), id);
    expect([await revenue(), await repair(), await isDirty(db, id)]).toEqual([[{ revenue: 9 }], 0, false]);
  });

  test('that stays off costs one refresh, and another when it is on again', async () => {
    const id = await filled();
    await turn('disable');
    expect(await repair()).toBe(1);
    await refresh(await db.connect(), id);
    await load();
    expect([await repair(), await codes(shop.orders)]).toEqual([0, [{ code: 'trigger_disabled' }]]);
    await turn('enable');
    expect([await repair(), await isDirty(db, id)]).toEqual([1, true]);
    await refresh(await db.connect(), id);
    expect(await revenue()).toEqual([{ revenue: 9 }]);
  });

  test('that was off while a refresh ran makes the view dirty after it', async () => {
    const id = await filled();
    await load();
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await turn('disable');
    await load();
    await turn('enable');
    expect(await repair()).toBe(0);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    expect([await repair(), await isDirty(db, id)]).toEqual([1, true]);
  });
});
