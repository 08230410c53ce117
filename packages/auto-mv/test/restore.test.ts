import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { order, refreshes, untilFresh, useProcessors } from './support/processor.js';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);
let shop: Shop;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  shop = await openShop(db);
});

/** Far ahead of this cluster's transactions. */
const future = '9000000000000000';

const isFresh = async (token: string) => {
  const [row] = await db.query<{ fresh: boolean }>('select pgauto_mv.is_fresh($1::regclass, $2::xid8) as fresh', [
    shop.view,
    token,
  ]);
  return row?.fresh;
};

/** What is in the database right after a dump of another cluster, some of it ahead of this one, was restored into it. */
async function restored(): Promise<void> {
  await db.query('update pgrelay.node set system_identifier = system_identifier + id where is_this');
  await db.query('insert into pgauto_mv.change (watch_id, xid) select id, $1::xid8 from pgauto_mv.watch', [future]);
}

interface Numbers {
  readonly id: string;
  readonly view: number;
  readonly watch: string;
  readonly relation: number;
}

async function swap(table: string, column: string, a: [string, number], b: [string, number]): Promise<void> {
  for (const [id, value] of [
    [a[0], 4_000_000_000],
    [b[0], a[1]],
    [a[0], b[1]],
  ])
    await db.query(`update pgauto_mv.${table} set ${column} = $2 where id = $1`, [id, value]);
}

const repairs = (id: string) => db.query("select reason from pgauto_mv.log where kind = 'repair' and mv_id = $1", [id]);

describe('restored into another cluster', () => {
  test('no token is answered from before, and a Processor refreshes everything', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    const old = await order(db, shop);
    await refresh(await db.connect(), id);
    expect(await isFresh(old)).toBe(true);
    await restored();
    expect(await isFresh(old)).toBe(false);
    expect(
      await db.query('select pgauto_mv.wait_until_fresh($1::regclass, $2::xid8, $3) as fresh', [shop.view, old, '0 s']),
    ).toEqual([{ fresh: false }]);
    expect(await isDirty(db, id)).toBe(true);
    expect(
      await db.query('select is_dirty from pgauto_mv.materialized_view_state where view_name = $1', [shop.view]),
    ).toEqual([{ is_dirty: true }]);
    expect(
      await db.query('select fresh, verified, doubt from pgauto_mv.freshness_mv($1::regclass)', [shop.view]),
    ).toEqual([{ fresh: false, verified: false, doubt: expect.stringMatching(/restored/) }]);
    expect(await db.query("select object from pgauto_mv.get_mv_problems() where code = 'restored'")).toEqual([
      { object: shop.view },
    ]);
    expect(await refresh(await db.connect(), id)).toEqual({ kind: 'skipped', reason: 'restored', retryMs: 1000 });

    await start();
    await untilFresh(db, id);
    expect(await isFresh(old)).toBe(true);
    expect(await repairs(id)).toEqual([{ reason: 'restored from another cluster or an earlier state' }]);
    expect(await db.query("select from pgauto_mv.get_mv_problems() where code = 'restored'")).toEqual([]);
    expect(await db.query('select from pgauto_mv.change where xid >= $1::xid8', [future])).toEqual([]);
    expect(await refreshes(db, id)).toBe(2);
  });

  test('views and tables are found by their names, whatever has their numbers now', async () => {
    const other = await openShop(db);
    const ids = [await watch(db, shop, 'INSERT'), await watch(db, other, 'INSERT')];
    const client = await db.connect();
    for (const id of ids) await refresh(client, id);
    const before = `select m.id, m.view, w.id as watch, w.relation from pgauto_mv.mv m join pgauto_mv.view_watch d on d.mv_id = m.id
      join pgauto_mv.watch w on w.id = d.watch_id order by m.id`;
    const right = await db.query(before);
    await restored();
    const [a, b] = right as [Numbers, Numbers]; // each has the number of the other, as a restore may deal them
    await swap('mv', 'view', [a.id, a.view], [b.id, b.view]);
    await swap('watch', 'relation', [a.watch, a.relation], [b.watch, b.relation]);
    expect(await db.query(before)).not.toEqual(right);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await db.query(before)).toEqual(right);
    for (const id of ids) expect(await isDirty(db, id)).toBe(true);
  });

  test('columns are those of the triggers, which were restored by their names', async () => {
    await db.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
    const columns = "select operation from pgauto_mv.watch where operation like 'UPDATE%'";
    const right = await db.query(columns);
    expect(right).toEqual([{ operation: 'UPDATE OF 2,3 FOR EACH ROW' }]);
    await restored();
    await db.query(
      "update pgauto_mv.watch set operation = 'UPDATE OF 3,4 FOR EACH ROW' where operation like 'UPDATE%'",
    );
    await db.query('select pgauto_mv.plan_v1()');
    expect(await db.query(columns)).toEqual(right);
  });

  test('a view that is not there is a problem, and no other view stands in for it', async () => {
    const id = await watch(db, shop, 'INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    await restored();
    await db.query(`update pgauto_mv.mv set view = 'pg_catalog.pg_class'::regclass where id = $1`, [id]); // the number now is of something else
    await db.query('select pgauto_mv.plan_v1()');
    expect(await db.query("select object from pgauto_mv.get_mv_problems() where code = 'view_gone'")).toContainEqual({
      object: shop.view,
    });
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'skipped', reason: 'gone' });
  });

  test('while somebody registers, the planner waits for its turn and refreshes nothing', async () => {
    const id = await watch(db, shop, 'INSERT');
    await restored();
    const dba = await db.session('dba');
    await dba.query('begin');
    await dba.query('select pgauto_mv.lock_registry()');
    const planner = await db.session('planner');
    await planner.query("set lock_timeout = '1ms'");
    expect(await planner.query('select pgauto_mv.plan_v1() as ms')).toEqual([{ ms: null }]);
    expect(await repairs(id)).toEqual([]);
    await dba.query('rollback');
    await planner.query('select pgauto_mv.plan_v1()');
    expect(await repairs(id)).toHaveLength(1);
  });
});

test('a transaction counter that went backwards: the snapshots lie in its future, so nothing recorded counts', async () => {
  const id = await watch(db, shop, 'INSERT');
  const token = await order(db, shop);
  await refresh(await db.connect(), id);
  await db.query('update pgauto_mv.state set snap = $2::pg_snapshot, snaps = array[$2::pg_snapshot] where mv_id = $1', [
    id,
    `${future}:${future}:`,
  ]);
  expect(await isFresh(token)).toBe(false);
  await db.query('select pgauto_mv.plan_v1()');
  expect(await db.query('select snap from pgauto_mv.state where mv_id = $1', [id])).toEqual([{ snap: null }]);
  await refresh(await db.connect(), id);
  expect(await isFresh(token)).toBe(true);
});

test('a registry of this cluster is left alone', async () => {
  const id = await watch(db, shop, 'INSERT');
  await refresh(await db.connect(), id);
  await db.query('select pgauto_mv.plan_v1()');
  expect(await repairs(id)).toEqual([]);
  expect(await isDirty(db, id)).toBe(false);
});

test('a wish that came with the dump asks for nothing', async () => {
  const id = await watch(db, shop, 'INSERT');
  await db.query("select setval('pgauto_mv.wish_7', ($1::bigint << 43) | 8000000000000, true)", [id]);
  expect(await db.query('select from pgauto_mv.wishes()')).toEqual([]);
  await db.query("select setval('pgauto_mv.wish_7', 0, true)");
});

test('names are kept, so that a restore finds what was renamed', async () => {
  const id = await watch(db, shop, 'INSERT');
  await db.query(`alter materialized view ${shop.view} rename to sums`);
  await db.query(`alter table ${shop.orders} rename to sales`);
  expect(await db.query('select pgauto_mv.keep_names_v1()::int as n')).toEqual([{ n: 2 }]);
  expect(await db.query('select pgauto_mv.keep_names_v1()::int as n')).toEqual([{ n: 0 }]);
  expect(await db.query('select view_name, relation from pgauto_mv.watches where mv_id = $1', [id])).toEqual([
    { view_name: `${shop.schema}.sums`, relation: `${shop.schema}.sales` },
  ]);
});
