import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { declareChannel, isDirty, refresh, requests, takeRequests } from './support/refresh.js';
import { addView, openShop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

async function changes(relation: string): Promise<string[]> {
  const rows = await db.query<{ operation: string }>(
    'select w.operation from pgauto_mv.change c join pgauto_mv.watch w on w.id = c.watch_id where w.relation = $1::regclass order by c.at',
    [relation],
  );
  return rows.map((row) => row.operation);
}

describe('what a write leaves in the change log', () => {
  test('one row per watch and transaction, however many statements and rows', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    await db.query(`begin; insert into ${shop.orders} (amount) select g from generate_series(1, 1000) g;
      insert into ${shop.orders} (amount) values (1); insert into ${shop.orders} (amount) values (2); commit`);
    expect(await changes(shop.orders)).toEqual(['INSERT']);
    await db.query(`insert into ${shop.orders} (amount) values (3)`);
    expect(await changes(shop.orders)).toEqual(['INSERT', 'INSERT']);
  });

  test('one row for an INSERT of a million rows', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    await db.query(`insert into ${shop.orders} (amount) select g from generate_series(1, 1000000) g`);
    expect(await changes(shop.orders)).toEqual(['INSERT']);
    expect(await db.query(`select count(*)::int as n from ${shop.orders}`)).toEqual([{ n: 1_000_000 }]);
  }, 300_000);

  test('nothing when a statement touches no row', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT,UPDATE,DELETE');
    await db.query(`update ${shop.orders} set amount = 1 where false`);
    await db.query(`delete from ${shop.orders}`);
    await db.query(`insert into ${shop.orders} (amount) select 1 where false`);
    expect(await changes(shop.orders)).toEqual([]);
  });

  test('a TRUNCATE, also of an empty table', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'TRUNCATE');
    await db.query(`truncate ${shop.orders}`);
    expect(await changes(shop.orders)).toEqual(['TRUNCATE']);
  });

  test('nothing of a savepoint that was rolled back, and all that follows it', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    await db.query(`begin; savepoint a; insert into ${shop.orders} (amount) values (1); rollback to a; commit`);
    expect(await changes(shop.orders)).toEqual([]);
    await db.query(`begin; savepoint a; insert into ${shop.orders} (amount) values (1); rollback to a;
      insert into ${shop.orders} (amount) values (2); commit`);
    expect(await changes(shop.orders)).toEqual(['INSERT']);
  });

  test('the transaction of a released savepoint is the outer one', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const session = await db.session('writer');
    await session.query('begin');
    await session.query('savepoint a');
    await session.query(`insert into ${shop.orders} (amount) values (1)`);
    await session.query('release savepoint a');
    const [own] = await session.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
    await session.query('commit');
    const noted = await db.query<{ xid: string }>(
      'select c.xid::text from pgauto_mv.change c join pgauto_mv.watch w on w.id = c.watch_id where w.relation = $1::regclass',
      [shop.orders],
    );
    expect(noted).toEqual([own]);
  });

  test('a mark set by hand for the session hides nothing', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const [row] = await db.query<{ id: string }>('select id from pgauto_mv.watch where relation = $1::regclass', [
      shop.orders,
    ]);
    const session = await db.session('writer');
    await session.query(`select set_config('pgauto_mv.noted_${row?.id}', 'yes', false)`);
    await session.query(`insert into ${shop.orders} (amount) values (1)`);
    expect(await changes(shop.orders)).toEqual(['INSERT']);
  });

  test('one row for two views that watch the same, from one trigger', async () => {
    const shop = await openShop(db);
    await addView(db, shop, 'counted');
    await watch(db, shop, 'INSERT');
    await watch(db, shop, 'INSERT', '', 'counted');
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    expect(await changes(shop.orders)).toEqual(['INSERT']);
    const triggers = await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders]);
    expect(triggers).toHaveLength(1);
  });
});

test('one transaction INSERTs, then UPDATEs: a view watching only UPDATE refreshes, one watching only DELETE does not', async () => {
  const shop = await openShop(db);
  await addView(db, shop, 'on_delete');
  await addView(db, shop, 'on_insert'); // so that the INSERT is noted first, on the same table
  await watch(db, shop, 'INSERT', '', 'on_insert');
  const onUpdate = await watch(db, shop, 'UPDATE', ', p_cooldown => 0');
  const onDelete = await watch(db, shop, 'DELETE', ', p_cooldown => 0', 'on_delete');
  const client = await db.connect();
  for (const id of [onUpdate, onDelete]) await refresh(client, id);
  await takeRequests(db);

  await db.query(`begin; insert into ${shop.orders} (amount) values (1);
    update ${shop.orders} set amount = 2; commit`);
  await db.query('select pgauto_mv.plan_v1()');

  expect(await requests(db, onUpdate, onDelete)).toEqual([{ mv: onUpdate, source: 'trigger' }]);
  expect(await refresh(client, onUpdate, 'trigger', null)).toMatchObject({ kind: 'done' });
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 2 }]);
  expect(await isDirty(db, onDelete)).toBe(false);
  expect(await db.query(`select n::int from ${shop.schema}.on_delete`)).toEqual([{ n: 0 }]);
});

describe('a writer', () => {
  test('needs no right on anything of auto-mv', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT,UPDATE,DELETE,TRUNCATE');
    await withLogin(db, [], async (writer, user) => {
      await db.query(`grant usage on schema ${shop.schema} to ${user}`);
      await db.query(`grant select, insert, update, delete, truncate on ${shop.orders} to ${user}`);
      await refresh(await db.connect(), id);
      await writer.query(`insert into ${shop.orders} (id, amount) values (1, 1)`);
      await writer.query(`update ${shop.orders} set amount = 2`);
      await writer.query(`delete from ${shop.orders}`);
      await writer.query(`truncate ${shop.orders}`);
      expect(await changes(shop.orders)).toEqual(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']);
      await expect(writer.query('select * from pgauto_mv.change')).rejects.toMatchObject({ code: '42501' });
    });
  });

  test('does not wait for a refresh, at READ COMMITTED or above', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await refresh(await db.connect(), id);
    const refresher = await db.session('refresher');
    const writer = await db.session('writer');
    await writer.query('begin isolation level serializable');
    await writer.query(`select count(*) from ${shop.orders}`);
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 min')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 min', '1 s', '1 s')", [id, claim?.epoch]);
    await refresher.query(`refresh materialized view concurrently ${shop.view}`);

    await writer.query("set local lock_timeout = '1ms'");
    await writer.query(`insert into ${shop.orders} (amount) values (1)`);
    await writer.query('commit');

    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    expect(await isDirty(db, id)).toBe(true);
  });

  test('does not wait for another writer of the same table, whose transaction stays open', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const first = await db.session('first writer');
    const second = await db.session('second writer');
    await first.query('begin');
    await first.query(`insert into ${shop.orders} (amount) values (1)`);
    await second.query("set lock_timeout = '1ms'");
    await second.query(`insert into ${shop.orders} (amount) values (2)`);
    await first.query('rollback');
    expect(await changes(shop.orders)).toEqual(['INSERT']);
  });
});
