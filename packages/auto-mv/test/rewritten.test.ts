import { type Session, useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

/** Enters a refresh: from here on its snapshot is fixed, and it holds no lock on the view's tables. */
async function enter(refresher: Session, mv: string): Promise<string> {
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
    [mv],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 min', '1 min')", [mv, claim?.epoch]);
  return claim?.epoch ?? '';
}

async function finish(refresher: Session, mv: string, epoch: string): Promise<void> {
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [mv, epoch]);
  await refresher.query('commit');
}

/** A view with the revenue of three days, and a table with a column that it does not read. */
async function openFilledShop(): Promise<{ shop: Shop; mv: string }> {
  const shop = await openShop(db);
  await db.query(`alter table ${shop.orders} add extra integer`);
  await db.query(
    `insert into ${shop.orders} (amount, day) select 1, date '2024-01-01' + n from generate_series(1, 3) n`,
  );
  const mv = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await refresh(await db.connect(), mv);
  await db.query(`insert into ${shop.orders} (amount, day) values (1, '2024-01-01')`);
  return { shop, mv };
}

const days = async (shop: Shop): Promise<number> => {
  const [row] = await db.query<{ n: number }>(`select count(*)::int as n from ${shop.view}`);
  return row?.n ?? -1;
};

test('a table that ALTER TABLE rewrites between the snapshot and the REFRESH is empty to it: the view is dirty, and refreshed again', async () => {
  const { shop, mv } = await openFilledShop();
  const refresher = await db.session('refresher');
  const epoch = await enter(refresher, mv);
  const migration = await db.session('migration');
  await migration.query(`alter table ${shop.orders} alter extra type bigint`);
  await refresher.query(`refresh materialized view concurrently ${shop.view}`);
  await finish(refresher, mv, epoch);
  expect(await days(shop)).toBe(0); // what the refresh saw: this is why it must not count
  expect(await isDirty(db, mv)).toBe(true);
  expect(await db.query('select snap, snaps from pgauto_mv.state where mv_id = $1', [mv])).toEqual([
    { snap: null, snaps: null },
  ]);
  await refresh(await db.connect(), mv, 'trigger', null);
  expect([await days(shop), await isDirty(db, mv)]).toEqual([4, false]);
});

test('… and so it is when the REFRESH waited for the ALTER TABLE', async () => {
  const { shop, mv } = await openFilledShop();
  const migration = await db.session('migration');
  await migration.query('begin');
  await migration.query(`lock table ${shop.orders} in access exclusive mode`);
  const refresher = await db.session('refresher');
  const epoch = await enter(refresher, mv);
  const refreshing = refresher.start(`refresh materialized view concurrently ${shop.view}`);
  await refresher.untilBlocked();
  await migration.query(`alter table ${shop.orders} alter extra type bigint`);
  await migration.query('commit');
  await refreshing;
  await finish(refresher, mv, epoch);
  expect(await isDirty(db, mv)).toBe(true);
  await refresh(await db.connect(), mv, 'trigger', null);
  expect([await days(shop), await isDirty(db, mv)]).toEqual([4, false]);
});

test('a partition that is rewritten counts as well', async () => {
  const shop = await openShop(db);
  await db.query(`create table ${shop.schema}.sale (k integer not null, extra integer) partition by list (k)`);
  for (const k of [1, 2])
    await db.query(`create table ${shop.schema}.sale_${k} partition of ${shop.schema}.sale for values in (${k})`);
  await db.query(`insert into ${shop.schema}.sale (k) values (1), (2)`);
  await db.query(
    `create materialized view ${shop.schema}.sold as select k, count(*) as n from ${shop.schema}.sale group by k`,
  );
  await db.query(`create unique index on ${shop.schema}.sold (k)`);
  const [row] = await db.query<{ id: string }>(
    `select pgauto_mv.register_mv('${shop.schema}.sold'::regclass, p_cooldown => 0) as id`,
  );
  const mv = row?.id ?? '';
  await refresh(await db.connect(), mv);
  await db.query(`insert into ${shop.schema}.sale (k) values (1)`);
  const refresher = await db.session('refresher');
  const epoch = await enter(refresher, mv);
  await db.query(`vacuum full ${shop.schema}.sale_1`);
  await refresher.query(`refresh materialized view concurrently ${shop.schema}.sold`);
  await finish(refresher, mv, epoch);
  expect(await isDirty(db, mv)).toBe(true);
});

test('a table that nobody rewrites leaves the view clean, whatever else DDL does to it', async () => {
  const { shop, mv } = await openFilledShop();
  const refresher = await db.session('refresher');
  const epoch = await enter(refresher, mv);
  await db.query(`alter table ${shop.orders} add more text`);
  await db.query(`create index on ${shop.orders} (amount)`);
  await refresher.query(`refresh materialized view concurrently ${shop.view}`);
  await finish(refresher, mv, epoch);
  expect([await days(shop), await isDirty(db, mv)]).toEqual([4, false]);
});
