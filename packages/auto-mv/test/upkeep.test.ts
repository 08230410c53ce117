import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { defaultAutoMvOptions } from '../src/options.js';
import { refreshView } from '../src/refresh-view.js';
import { declareChannel, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;
let id: string;
let client: pg.Client;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  shop = await openShop(db);
  await db.query(
    `insert into ${shop.orders} (amount, day) select 1, '2024-01-01'::date + n from generate_series(1, 500) n`,
  );
  await db.query(`alter materialized view ${shop.view} set (autovacuum_enabled = false)`); // it would come between
  id = await watch(db, shop, 'INSERT,UPDATE');
  client = await db.connect();
});

/** What was done to the view, in order. */
const upkeep = () =>
  db.query("select operation, outcome, sqlstate from pgauto_mv.log where mv_id = $1 and kind = 'upkeep' order by id", [
    id,
  ]);

const counts = async () => {
  const [row] = await db.query<{ vacuums: number; analyzes: number }>(
    'select pg_stat_get_vacuum_count($1::regclass)::int as vacuums, pg_stat_get_analyze_count($1::regclass)::int as analyzes',
    [shop.view],
  );
  return row;
};

const changeAll = () => db.query(`update ${shop.orders} set amount = amount + 1`);
const aMinuteLater = () =>
  db.query("update pgauto_mv.state set upkeep_at = upkeep_at - interval '1 min' where mv_id = $1", [id]);
const refreshOnly = () =>
  refreshView(
    client,
    { mvId: id, source: 'now', token: '9000000000000000000' },
    { ...defaultAutoMvOptions, vacuumPercent: 0, analyzePercent: 0 },
    new AbortController().signal,
    async () => undefined,
  );
const done = { outcome: 'done', sqlstate: null };

test('ANALYZE after the rows have changed, VACUUM once too many are dead, each at most once a minute', async () => {
  await refresh(client, id);
  expect(await upkeep()).toEqual([{ operation: 'ANALYZE', ...done }]);
  expect(await counts()).toEqual({ vacuums: 0, analyzes: 1 });
  expect(
    await db.query('select attname from pg_stats where schemaname = $1 and tablename = $2', [shop.schema, 'daily']),
  ).toHaveLength(2);

  await changeAll();
  await refresh(client, id);
  expect(await upkeep()).toHaveLength(1); // not again within the minute
  await aMinuteLater();
  await db.query(`update ${shop.orders} set amount = amount + 1 where id <= 5`); // few, but those of before count
  await refresh(client, id);
  expect(await upkeep()).toEqual([
    { operation: 'ANALYZE', ...done },
    { operation: 'VACUUM', ...done },
  ]);
  expect(await counts()).toEqual({ vacuums: 1, analyzes: 2 });

  await aMinuteLater();
  await db.query(`update ${shop.orders} set amount = amount + 1 where id <= 5`);
  await refresh(client, id);
  expect(await upkeep()).toHaveLength(2); // nothing is due
  expect(await db.query('select failures, claimed_until from pgauto_mv.state where mv_id = $1', [id])).toEqual([
    { failures: 0, claimed_until: null },
  ]);
});

test('a plain refresh leaves no dead rows, and statistics of other contents: ANALYZE', async () => {
  await db.query(`drop index ${shop.schema}.daily_day_idx`);
  await refresh(client, id);
  await aMinuteLater();
  await refresh(client, id);
  expect(await upkeep()).toEqual([
    { operation: 'ANALYZE', ...done },
    { operation: 'ANALYZE', ...done },
  ]);
});

test('neither with 0 percent', async () => {
  await refreshOnly();
  await changeAll();
  await refreshOnly();
  expect(await upkeep()).toEqual([]);
});

test('nobody refreshes the view meanwhile, and it is free when the connection goes', async () => {
  await refreshOnly();
  const first = await db.session('upkeep');
  const [row] = await first.query<{ statement: string }>(
    "select * from pgauto_mv.begin_upkeep_v1($1, 40, 20, '1 h', '200 ms')",
    [id],
  );
  expect(row?.statement).toBe(`analyze ${shop.view}`);
  expect(await first.query('show lock_timeout')).toEqual([{ lock_timeout: '200ms' }]);
  expect(await refresh(client, id)).toMatchObject({ kind: 'skipped', reason: 'in progress' });
  await db.query('select pg_terminate_backend($1, 10000)', [first.pid]);
  expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
});

test('a failure of it is in the log, and none of the view', async () => {
  await refreshOnly();
  const holder = await db.session('holder');
  const [row] = await holder.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_upkeep_v1($1, 40, 20, '1 h', '200 ms')",
    [id],
  );
  await holder.query("select pgauto_mv.end_upkeep_v1($1, $2, 'VACUUM', 'test', '55P03')", [id, row?.epoch]);
  expect(await upkeep()).toEqual([{ operation: 'VACUUM', outcome: 'failed', sqlstate: '55P03' }]);
  expect(await db.query('select failures, claimed_until from pgauto_mv.state where mv_id = $1', [id])).toEqual([
    { failures: 0, claimed_until: null },
  ]);
});
