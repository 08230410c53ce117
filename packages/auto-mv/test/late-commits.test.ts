import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;
let mv: string;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  shop = await openShop(db);
  mv = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await refresh(await db.connect(), mv);
});

const insert = () => `insert into ${shop.orders} (amount, day) values (1, '2024-01-01')`;
const revenue = async (): Promise<number> => {
  const [row] = await db.query<{ n: number }>(`select coalesce(sum(revenue), 0)::int as n from ${shop.view}`);
  return row?.n ?? -1;
};

test('B1: of two transactions the older commits last, after a refresh that served the younger: the view is dirty then', async () => {
  const [older, younger] = [await db.session('older'), await db.session('younger')];
  await older.query('begin');
  await older.query(insert());
  await younger.query(insert());
  await refresh(await db.connect(), mv, 'trigger', null);
  await db.query('select pgauto_mv.collect_v1()');
  expect([await revenue(), await isDirty(db, mv)]).toEqual([1, false]);
  await older.query('commit');
  expect(await isDirty(db, mv)).toBe(true);
  await refresh(await db.connect(), mv, 'trigger', null);
  expect([await revenue(), await isDirty(db, mv)]).toEqual([2, false]);
});

test('B2: a change that commits between the snapshot and the REFRESH is neither in the contents nor served', async () => {
  await db.query(insert());
  const refresher = await db.session('refresher');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
    [mv],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [mv, claim?.epoch]);
  await db.query(insert());
  await refresher.query(`refresh materialized view concurrently ${shop.view}`);
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
    mv,
    claim?.epoch,
  ]);
  await refresher.query('commit');
  expect([await revenue(), await isDirty(db, mv)]).toEqual([1, true]);
});

test('B4, B12: a prepared transaction with a change holds nothing up, and makes the view dirty when it commits', async () => {
  const writer = await db.session('writer');
  await writer.query('begin');
  await writer.query('savepoint a');
  await writer.query(insert());
  await writer.query('release savepoint a');
  const name = `late_${db.name}`;
  await writer.query(`prepare transaction '${name}'`); // no NOTIFY was sent, or it would be refused
  await db.query(insert());
  await refresh(await db.connect(), mv, 'trigger', null);
  await db.query('select pgauto_mv.collect_v1()');
  expect([await revenue(), await isDirty(db, mv)]).toEqual([1, false]);
  await db.query(`commit prepared '${name}'`);
  expect(await isDirty(db, mv)).toBe(true);
  await refresh(await db.connect(), mv, 'trigger', null);
  expect([await revenue(), await isDirty(db, mv)]).toEqual([2, false]);
});

test('… and one that is rolled back leaves it clean', async () => {
  const writer = await db.session('writer');
  await writer.query('begin');
  await writer.query(insert());
  const name = `late_${db.name}`;
  await writer.query(`prepare transaction '${name}'`);
  await refresh(await db.connect(), mv);
  await db.query(`rollback prepared '${name}'`);
  expect([await revenue(), await isDirty(db, mv)]).toEqual([0, false]);
});
