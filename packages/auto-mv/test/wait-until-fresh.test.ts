import { until, useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { waitUntilFresh } from '../src/wait-until-fresh.js';
import { order, useProcessors } from './support/processor.js';
import { declareChannel, refresh } from './support/refresh.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);
beforeAll(() => declareChannel(db));

const wishes = () => db.query('select from pgauto_mv.wishes()');

test('wakes on the hint of the refresh, which it asks for', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT', ', p_refresh_lag => 3600, p_cooldown => 0');
  const client = await db.connect();
  const refresher = await db.connect();
  await refresh(refresher, id);
  const token = await order(db, shop);
  const waiting = waitUntilFresh(client, shop.view, token, { timeoutMs: 3_600_000, lookEveryMs: 3_600_000 });
  await until(async () => (await wishes()).length === 1, 'it asks');
  expect(await refresh(refresher, id, 'wait', token)).toMatchObject({ kind: 'done' });
  expect(await waiting).toBe(true);
  expect(await wishes()).toEqual([]);
  expect(await waitUntilFresh(client, shop.view, token)).toBe(true);
});

test('without a hint it looks all the same', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  const deaf = { query: client.query.bind(client), on: () => deaf, off: () => deaf } as unknown as pg.Client;
  const token = await order(db, shop);
  const waiting = waitUntilFresh(deaf, shop.view, token, { lookEveryMs: 20 });
  await until(async () => (await wishes()).length === 1, 'it asks');
  await refresh(await db.connect(), id);
  expect(await waiting).toBe(true);
});

test('gives up when its time is over, and takes its wish back', async () => {
  const shop = await openShop(db);
  await watch(db, shop, 'INSERT');
  const client = await db.connect();
  expect(await waitUntilFresh(client, shop.view, await order(db, shop), { timeoutMs: 60 })).toBe(false);
  expect(await wishes()).toEqual([]);
  expect(client.listenerCount('notification')).toBe(0);
});

test('with a Processor: what was written is there, each time', async () => {
  const shop = await openShop(db);
  await watch(db, shop, 'INSERT', ', p_cooldown => 0, p_refresh_lag => 3600');
  await start();
  const client = await db.connect();
  for (let i = 1; i <= 5; i++) {
    expect(await waitUntilFresh(client, shop.view, await order(db, shop))).toBe(true);
    expect((await client.query(`select revenue::int from ${shop.view}`)).rows).toEqual([{ revenue: i }]);
  }
});

test.each([
  ['PM004', (view: string) => [view, '3']],
  ['PM012', (view: string) => [view, 'own']],
] as const)('%s', async (code, given) => {
  const shop = await openShop(db);
  if (code !== 'PM004') await watch(db, shop, 'INSERT');
  const client = await db.connect();
  const [view, token] = given(shop.view) as [string, string];
  await client.query('begin');
  const { rows } = await client.query('select pg_current_xact_id()::text as token');
  await expect(waitUntilFresh(client, view, token === 'own' ? rows[0].token : token)).rejects.toMatchObject({ code });
  await client.query('rollback');
});
