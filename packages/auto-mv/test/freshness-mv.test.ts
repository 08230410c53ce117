import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { order } from './support/processor.js';
import { declareChannel, refresh } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  shop = await openShop(db);
});

interface Freshness {
  readonly view_name: string;
  readonly fresh: boolean;
  readonly stale_since: Date | null;
  readonly unserved_transactions: string;
  readonly open_transactions: string;
  readonly due_at: Date | null;
  readonly due_reason: string | null;
  readonly last_refreshed_at: Date | null;
  readonly verified: boolean;
  readonly doubt: string | null;
}

async function freshness(view = shop.view): Promise<Freshness> {
  const [row] = await db.query<Freshness & Record<string, unknown>>(
    'select * from pgauto_mv.freshness_mv($1::regclass)',
    [view],
  );
  if (row === undefined) throw new Error(`no row for ${view}`);
  return row;
}

const plan = () => db.query('select pgauto_mv.plan_v1()');

test('what is missing, since when, and what has not committed yet', async () => {
  const id = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  expect(await freshness()).toMatchObject({
    view_name: shop.view,
    fresh: false,
    verified: false,
    doubt: expect.stringMatching(/not refreshed/),
  });
  await refresh(client, id);
  expect(await freshness()).toMatchObject({
    fresh: true,
    stale_since: null,
    unserved_transactions: '0',
    open_transactions: '0',
    due_reason: null,
    last_refreshed_at: expect.any(Date),
    verified: true,
    doubt: null,
  });

  const [reader, writer, prepared] = [
    await db.session('reader'),
    await db.session('writer'),
    await db.session('two-phase'),
  ];
  for (const session of [reader, writer, prepared]) await session.query('begin');
  await reader.query(`select * from ${shop.orders}`);
  await writer.query(`insert into ${shop.orders} (amount) values (1)`);
  await prepared.query(`insert into ${shop.orders} (amount) values (2)`);
  await prepared.query(`prepare transaction '${shop.schema}'`);
  expect(await freshness()).toMatchObject({ fresh: true, unserved_transactions: '0', open_transactions: '2' });

  const [written] = await db.query<{ at: Date }>('select clock_timestamp() as at');
  await order(db, shop);
  await order(db, shop);
  await writer.query('commit');
  await db.query(`commit prepared '${shop.schema}'`);
  const stale = await freshness();
  expect(stale).toMatchObject({ fresh: false, unserved_transactions: '4', open_transactions: '0', verified: true });
  expect(stale.stale_since?.getTime()).toBeLessThanOrEqual(written?.at.getTime() ?? 0); // the oldest statement's time
  await refresh(client, id);
  expect(await freshness()).toMatchObject({ fresh: true, unserved_transactions: '0' });
  await reader.query('commit');
});

describe('what comes next, and why', () => {
  test('a change, then the planner, then the cooldown', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 3600, p_refresh_lag => 1800');
    await refresh(await db.connect(), id);
    await order(db, shop);
    expect(await freshness()).toMatchObject({ due_at: null, due_reason: 'not planned yet' });
    await plan();
    const { due_at: due, due_reason: why } = await freshness();
    expect(why).toBe('trigger');
    expect(due?.getTime()).toBeGreaterThan(Date.now() + 60_000);
    await db.query('update pgauto_mv.mv set refresh_lag = 0 where id = $1', [id]);
    await plan();
    expect(await freshness()).toMatchObject({ due_reason: 'cooldown', due_at: expect.any(Date) });
    await db.query('update pgauto_mv.mv set paused_at = now() where id = $1', [id]);
    await plan();
    expect(await freshness()).toMatchObject({ due_reason: 'paused', due_at: null });
  });

  test('a refresh that runs, and one that failed', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'first', null, '1 h')",
      [id],
    );
    expect(await freshness()).toMatchObject({ due_reason: 'refreshing' });
    await refresher.query("select pgauto_mv.fail_refresh_v1($1, $2, 'first', 'plain', '40001', 'x', null, null)", [
      id,
      claim?.epoch,
    ]);
    await plan();
    expect(await freshness()).toMatchObject({ due_reason: 'backing off', due_at: expect.any(Date) });
  });
});

test('a view over a stale one is stale since that one is, though it lacks nothing itself', async () => {
  const total = `${shop.schema}.total`;
  await db.query(`create materialized view ${total} as select sum(revenue) as r from ${shop.view}`);
  const up = await watch(db, shop, 'INSERT');
  const [row] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${total}'::regclass) as id`);
  const client = await db.connect();
  for (const id of [up, row?.id ?? '']) await refresh(client, id);
  expect(await freshness(total)).toMatchObject({ fresh: true, verified: true });
  await order(db, shop);
  expect(await freshness(total)).toMatchObject({
    fresh: false,
    stale_since: (await freshness()).stale_since,
    unserved_transactions: '0',
    due_reason: 'upstream',
  });
  await refresh(client, up);
  expect(await freshness(total)).toMatchObject({ fresh: false, unserved_transactions: '1' });
});

test('what speaks against the answer', async () => {
  const total = `${shop.schema}.total`;
  await db.query(`create materialized view ${total} as select sum(revenue) as r from ${shop.view}`);
  const [row] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${total}'::regclass) as id`);
  const client = await db.connect();
  await refresh(client, row?.id ?? '');
  expect(await freshness(total)).toMatchObject({ verified: false, doubt: expect.stringMatching(/not registered/) });
  const id = await watch(db, shop, 'INSERT');
  await refresh(client, id);
  expect(await freshness()).toMatchObject({ verified: true });
  await db.query(`alter table ${shop.orders} disable trigger user`);
  await db.query(`alter table ${shop.orders} enable trigger user`);
  expect(await freshness()).toMatchObject({ verified: false, doubt: expect.stringMatching(/trigger/) });
});

test('all views at once; of one that is not registered, an error', async () => {
  await expect(freshness()).rejects.toMatchObject({ code: 'PM004' });
  await watch(db, shop, 'INSERT');
  const rows = await db.query<{ view_name: string }>('select view_name from pgauto_mv.freshness_mv()');
  expect(rows.map((row) => row.view_name)).toContain(shop.view);
  expect(rows.length).toBeGreaterThan(1);
});

test('a viewer may ask', async () => {
  await watch(db, shop, 'INSERT');
  await withLogin(db, ['pgrelay_viewer'], async (viewer) => {
    const { rows } = await viewer.query('select view_name, open_transactions from pgauto_mv.freshness_mv()');
    expect(rows).toContainEqual({ view_name: shop.view, open_transactions: '0' });
  });
});
