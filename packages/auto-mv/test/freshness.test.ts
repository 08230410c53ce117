import { type Session, until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { declareChannel, refresh, requests, takeRequests } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

/** Writes and returns the token of the transaction. */
async function order(shop: Shop, session?: Session): Promise<string> {
  const sql = `with o as (insert into ${shop.orders} (amount) values (1)) select pg_current_xact_id()::text as token`;
  const [row] = await (session ?? db).query<{ token: string }>(sql);
  return row?.token ?? '';
}

async function isFresh(view: string, token: string): Promise<boolean | undefined> {
  const rows = await db.query<{ fresh: boolean }>('select pgauto_mv.is_fresh($1::regclass, $2::xid8) as fresh', [
    view,
    token,
  ]);
  return rows[0]?.fresh;
}

describe('is_fresh', () => {
  test('is true once a refresh has seen the transaction, and not before', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    const token = await order(shop);
    expect(await isFresh(shop.view, token)).toBe(false); // never refreshed: nothing is known
    await refresh(client, id);
    expect(await isFresh(shop.view, token)).toBe(true);
    const later = await order(shop);
    expect(await isFresh(shop.view, later)).toBe(false);
    expect(await isFresh(shop.view, token)).toBe(true);
  });

  test('is false for a transaction with a lower id that committed after the refresh', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const writer = await db.session('writer');
    await writer.query('begin');
    const token = await order(shop, writer);
    const newer = await order(shop);
    await refresh(await db.connect(), id);
    await writer.query('commit');
    expect(await isFresh(shop.view, newer)).toBe(true);
    expect(await isFresh(shop.view, token)).toBe(false);
  });

  test('is true for a transaction that was rolled back, once nothing of it can come', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const writer = await db.session('writer');
    await writer.query('begin');
    const token = await order(shop, writer);
    await writer.query('rollback');
    await refresh(await db.connect(), id);
    expect(await isFresh(shop.view, token)).toBe(true);
  });

  test('of a chain stays false until the upstream view was fresh when it was read', async () => {
    const shop = await openShop(db);
    await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as r from ${shop.view}`);
    const up = await watch(db, shop, 'INSERT');
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.total'::regclass) as id`,
    );
    const down = row?.id ?? '';
    const client = await db.connect();
    for (const id of [up, down]) await refresh(client, id);
    const token = await order(shop);
    await refresh(client, down);
    expect(await isFresh(`${shop.schema}.total`, token)).toBe(false);
    await refresh(client, up);
    expect(await isFresh(`${shop.schema}.total`, token)).toBe(false);
    await refresh(client, down);
    expect(await isFresh(`${shop.schema}.total`, token)).toBe(true);
  });

  test('over a materialized view that is not registered is never true', async () => {
    const shop = await openShop(db);
    await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as r from ${shop.view}`);
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.total'::regclass) as id`,
    );
    await refresh(await db.connect(), row?.id ?? '');
    expect(await isFresh(`${shop.schema}.total`, '3')).toBe(false);
  });

  test('of a view that is not registered is an error', async () => {
    const shop = await openShop(db);
    await expect(isFresh(shop.view, '3')).rejects.toMatchObject({ code: 'PM004' });
  });
});

describe('wait_until_fresh', () => {
  const wait = 'select pgauto_mv.wait_until_fresh($1::regclass, $2::xid8, $3) as fresh';

  test('returns true at once when the view is fresh, and false when its time is up', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const token = await order(shop);
    await refresh(await db.connect(), id);
    expect(await db.query(wait, [shop.view, token, '0 s'])).toEqual([{ fresh: true }]);
    expect(await db.query(wait, [shop.view, await order(shop), '60 ms'])).toEqual([{ fresh: false }]);
  });

  test('sees a refresh that commits while it waits', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const token = await order(shop);
    const waiter = await db.session('waiter');
    const waiting = waiter.start(wait, [shop.view, token, '30 s']);
    await refresh(await db.connect(), id);
    expect(await waiting).toEqual([{ fresh: true }]);
  });

  const ownToken = 'select pgauto_mv.wait_until_fresh($1::regclass, pg_current_xact_id(), $2)';
  test('refuses the token of its own open transaction, at once, also from within a savepoint', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const session = await db.session('writer');
    await session.query('begin');
    await order(shop, session);
    await session.query('savepoint a');
    await expect(session.query(ownToken, [shop.view, '1 h'])).rejects.toMatchObject({
      code: 'PM012',
      hint: expect.any(String),
    });
    await session.query('rollback');
  });

  test.each(['repeatable read', 'serializable'])('refuses to wait at %s, at once', async (level) => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const session = await db.session('reader');
    await session.query(`begin isolation level ${level}`);
    await expect(session.query(wait, [shop.view, '3', '1 h'])).rejects.toMatchObject({
      code: 'PM011',
      hint: expect.any(String),
    });
    await session.query('rollback');
  });

  test('refuses a NULL token, and a view that is not registered', async () => {
    const shop = await openShop(db);
    await expect(db.query(wait, [shop.view, '3', '1 h'])).rejects.toMatchObject({ code: 'PM004' });
    await watch(db, shop, 'INSERT');
    await expect(db.query(wait, [shop.view, null, '1 h'])).rejects.toMatchObject({ code: 'PM017' });
  });

  test('asks for a refresh although lag and watches see no reason, and keeps the cooldown', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, undefined, ', p_refresh_lag => 3600, p_cooldown => 3600');
    const client = await db.connect();
    await refresh(client, id);
    await takeRequests(db);
    const token = await order(shop); // nothing watches it
    const waiter = await db.session('waiter');
    const waiting = waiter.start(wait, [shop.view, token, '30 s']);
    const planned = async () => {
      await db.query('select pgauto_mv.plan_v1()');
      return requests(db, id);
    };
    await until(async () => (await db.query('select from pgauto_mv.wishes()')).length > 0, 'it waits');
    expect(await planned()).toEqual([]); // the cooldown
    await db.query("update pgauto_mv.state set done_at = done_at - interval '1 h' where mv_id = $1", [id]);
    expect(await planned()).toEqual([{ mv: id, source: 'wait' }]);
    expect(await refresh(client, id, 'wait', token)).toMatchObject({ kind: 'done' });
    expect(await waiting).toEqual([{ fresh: true }]);
    expect(await db.query('select from pgauto_mv.wishes()')).toEqual([]);
  });

  test('asks for the upstream view of a chain first', async () => {
    const shop = await openShop(db);
    await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as r from ${shop.view}`);
    const up = await watch(db, shop, undefined, ', p_cooldown => 0');
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.total'::regclass, p_refresh_lag => 3600, p_cooldown => 0) as id`,
    );
    const down = row?.id ?? '';
    const client = await db.connect();
    for (const id of [up, down]) await refresh(client, id);
    const token = await order(shop);
    const waiting = (await db.session('waiter')).start(wait, [`${shop.schema}.total`, token, '30 s']);
    for (const id of [up, down]) {
      const asked = await until(async () => {
        await takeRequests(db);
        await db.query('update pgauto_mv.observation set requested_at = null, requested_epoch = null');
        await db.query('select pgauto_mv.plan_v1()');
        const made = await requests(db, up, down);
        return made.length > 0 && made;
      }, 'a refresh is asked for');
      expect(asked).toEqual([{ mv: id, source: 'wait' }]);
      await refresh(client, id, 'wait', token);
    }
    expect(await waiting).toEqual([{ fresh: true }]);
  });

  test('a waiter that is cancelled takes its wish back', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await refresh(await db.connect(), id);
    const token = await order(shop);
    const waiter = await db.session('waiter');
    const waiting = waiter.start(wait, [shop.view, token, '1 h']);
    await until(async () => (await db.query('select from pgauto_mv.wishes()')).length === 1, 'it waits');
    await db.query('select pg_cancel_backend($1)', [waiter.pid]);
    await expect(waiting).rejects.toMatchObject({ code: '57014' });
    expect(await db.query('select from pgauto_mv.wishes()')).toEqual([]);
  });

  test('waits in a read-only transaction too, without asking', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const session = await db.session('reader');
    await session.query('begin read only');
    expect(await session.query(wait, [shop.view, '3', '30 ms'])).toEqual([{ fresh: false }]);
    await session.query('commit');
  });
});

describe('refresh_materialised_view_now', () => {
  test.each(['refresh_materialised_view_now', 'refresh_materialized_view_now'])(
    '%s: returns the event, minds neither lag nor cooldown, and is served by any refresh that sees the caller',
    async (name) => {
      const shop = await openShop(db);
      const id = await watch(db, shop, undefined, ', p_refresh_lag => 3600, p_cooldown => 3600');
      const client = await db.connect();
      await refresh(client, id);
      const asked = await db.query<{ id: string }>(
        `select pgauto_mv.${name}('daily', '${shop.schema}') as id union all select pgauto_mv.${name}('${shop.view}'::regclass)`,
      );
      expect(asked).toHaveLength(2);
      const events = await db.query<{ payload: string }>(
        'select payload from pgrelay.queue where id = any($1) order by id',
        [asked.map((row) => row.id)],
      );
      const tokens = events.map(({ payload }) => JSON.parse(payload) as { mv: string; source: 'now'; token: string });
      expect(tokens).toMatchObject([
        { mv: id, source: 'now' },
        { mv: id, source: 'now' },
      ]);
      expect(await refresh(client, id, 'now', tokens[0]?.token)).toMatchObject({ kind: 'done' });
      expect(await refresh(client, id, 'now', tokens[1]?.token)).toMatchObject({ kind: 'skipped', reason: 'fresh' });
    },
  );

  test('of a view that is not registered is an error, and without any Processor ever it says so', async () => {
    const shop = await openShop(db);
    await expect(
      db.query(`select pgauto_mv.refresh_materialised_view_now('daily', '${shop.schema}')`),
    ).rejects.toMatchObject({ code: 'PM004' });
    await watch(db, shop);
    await db.query("select pgrelay.drop_channel('pgauto_mv.refresh', true)");
    await expect(
      db.query(`select pgauto_mv.refresh_materialised_view_now('daily', '${shop.schema}')`),
    ).rejects.toMatchObject({ code: 'PM014', hint: expect.stringContaining('autoMv()') });
    await declareChannel(db);
  });
});

test('materialized_view_state has the published four columns, exact', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  const { fields, rows } = await client.query('select * from pgauto_mv.materialized_view_state where view_name = $1', [
    shop.view,
  ]);
  expect(fields.map((field) => field.name)).toEqual(['view_name', 'is_dirty', 'last_refreshed_at', 'last_dirtied_at']);
  expect(rows).toEqual([{ view_name: shop.view, is_dirty: true, last_refreshed_at: null, last_dirtied_at: null }]);
  await refresh(client, id);
  await order(shop);
  const [state] = await db.query<Record<string, unknown>>(
    'select * from pgauto_mv.materialized_view_state where view_name = $1',
    [shop.view],
  );
  expect(state).toMatchObject({
    is_dirty: true,
    last_refreshed_at: expect.any(Date),
    last_dirtied_at: expect.any(Date),
  });
});
