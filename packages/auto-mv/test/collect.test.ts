import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { addView, openShop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

const collect = async (): Promise<number> => {
  const rows = await db.query<{ gone: number }>('select pgauto_mv.collect_v1()::int as gone');
  return rows[0]?.gone ?? 0;
};

async function pending(relation: string): Promise<number> {
  const rows = await db.query<{ n: number }>(
    'select count(*)::int as n from pgauto_mv.change c join pgauto_mv.watch w on w.id = c.watch_id where w.relation = $1::regclass',
    [relation],
  );
  return rows[0]?.n ?? 0;
}

test('a change goes when every view of its watch has served it, and leaves a firing', async () => {
  const shop = await openShop(db);
  await addView(db, shop, 'counted');
  const daily = await watch(db, shop, 'INSERT');
  const counted = await watch(db, shop, 'INSERT', '', 'counted');
  const client = await db.connect();
  await refresh(client, daily);
  await refresh(client, counted);
  await db.query(`insert into ${shop.orders} (amount) values (1)`);
  await refresh(client, daily);
  expect(await collect()).toBe(0);
  expect(await pending(shop.orders)).toBe(1);
  await refresh(client, counted);
  expect(await collect()).toBe(1);
  expect(await pending(shop.orders)).toBe(0);
  expect(
    await db.query(
      "select operation, xid is not null as known from pgauto_mv.log where kind = 'firing' and relation = $1",
      [shop.orders],
    ),
  ).toEqual([{ operation: 'INSERT', known: true }]);
  expect([await isDirty(db, daily), await isDirty(db, counted)]).toEqual([false, false]);
});

test('the clean-up race: a second view is registered while the first is refreshed and the log cleaned up', async () => {
  const shop = await openShop(db);
  await addView(db, shop, 'second');
  const first = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  await refresh(client, first);

  // The second view's first refresh has taken its snapshot; then a row is written, the first view serves it, and
  // everything that has been served is cleaned up.
  const second = await watch(db, shop, 'INSERT', '', 'second');
  const refresher = await db.session('refresher of the second view');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'first', null, '1 h')",
    [second],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [second, claim?.epoch]);
  await db.query(`insert into ${shop.orders} (amount) values (1)`);
  await refresh(client, first);
  expect(await collect()).toBe(0); // the committed state of the second view is snap NULL, which keeps the change
  await refresher.query(`refresh materialized view ${shop.schema}.second`);
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'first', 'plain', null)", [second, claim?.epoch]);
  await refresher.query('commit');

  expect(await isDirty(db, second)).toBe(true);
  await refresh(client, second);
  expect(await db.query(`select n::int from ${shop.schema}.second`)).toEqual([{ n: 1 }]);
  expect(await collect()).toBe(1);
});

test('a change of a transaction that commits after the refresh took its snapshot is neither served nor collected', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  const writer = await db.session('writer');
  await writer.query('begin');
  await writer.query(`insert into ${shop.orders} (amount) values (5)`); // has the lower transaction id
  await db.query('select pg_current_xact_id()');
  await refresh(client, id);
  await writer.query('commit');
  await collect();
  expect(await isDirty(db, id)).toBe(true);
  await refresh(client, id);
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 5 }]);
});

test('log rows go when they are older than asked for, firings sooner', async () => {
  await collect();
  expect(await db.query("select from pgauto_mv.log where kind = 'firing'")).not.toEqual([]);
  await db.query("update pgauto_mv.log set at = at - interval '2 days'");
  await db.query('select pgauto_mv.collect_v1()');
  expect(await db.query("select from pgauto_mv.log where kind = 'firing'")).toEqual([]);
  expect(await db.query("select from pgauto_mv.log where kind = 'attempt'")).not.toEqual([]);
  await db.query("select pgauto_mv.collect_v1('1 day')");
  expect(await db.query('select from pgauto_mv.log')).toEqual([]);
});

test('changes of a watch that is no more go without a trace', async () => {
  await db.query('insert into pgauto_mv.change (watch_id) values (4711), (4712)');
  await collect();
  expect(await db.query('select from pgauto_mv.change where watch_id > 4000')).toEqual([]);
});
