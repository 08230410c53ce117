import { createMvClient, type MvClient, type RegisterMvOptions } from '@pgrelay/auto-mv';
import { type Queryable, RelayError } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { order, useProcessors } from './support/processor.js';
import { isDirty } from './support/refresh.js';
import { openShop, type Shop } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);
let client: pg.Client;
let mv: MvClient;
let shop: Shop;

beforeEach(async () => {
  client = await db.connect();
  mv = createMvClient({ db: client });
  shop = await openShop(db);
});

const daily = () => ({ schema: shop.schema, name: 'daily' });

async function registered(id: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await db.query(
    `select m.refresh_lag::float8, m.max_wait::float8, m.cooldown::float8, m.statement_timeout::text, m.lock_timeout::text, m.work_mem,
       m.schedule, m.safety_refresh::text, m.fire_on_replica, m.channel, m.derived,
       array(select w.operation || ' ' || w.relation from pgauto_mv.watches w where w.mv_id = m.id order by 1) as watches
     from pgauto_mv.mv m where m.id = $1`,
    [id],
  );
  return row;
}

describe('registers', () => {
  test('with every option, and alters: undefined leaves, null brings the default back', async () => {
    await db.query(`select pgrelay.register_channel('${shop.schema}.refreshed')`);
    const id = await mv.registerMv(daily(), {
      watchTables: [{ table: shop.orders, events: ['INSERT', 'UPDATE'] }],
      refreshLag: 1.5,
      maxWait: 60,
      cooldown: 3,
      statementTimeoutMs: 300_000,
      lockTimeoutMs: 2_000,
      workMem: '5MB',
      schedule: '5 minutes',
      safetyRefreshMs: 86_400_000,
      fireOnReplica: true,
      channel: `${shop.schema}.refreshed`,
    });
    const all = {
      refresh_lag: 1.5,
      max_wait: 60,
      cooldown: 3,
      statement_timeout: '00:05:00',
      lock_timeout: '00:00:02',
      work_mem: '5MB',
      schedule: '5 minutes',
      safety_refresh: '24:00:00',
      fire_on_replica: true,
      channel: `${shop.schema}.refreshed`,
      derived: false,
      watches: [`INSERT ${shop.orders}`, `UPDATE ${shop.orders}`],
    };
    expect(await registered(id)).toEqual(all);

    await mv.alterMv(shop.view, { cooldown: 0, maxWait: undefined });
    expect(await registered(id)).toEqual({ ...all, cooldown: 0 });
    await mv.alterMv(daily(), { watchTables: [{ table: shop.orders, events: ['DELETE'] }] });
    expect(await registered(id)).toEqual({ ...all, cooldown: 0, watches: [`DELETE ${shop.orders}`] });
    await mv.alterMv(daily(), {
      cooldown: null,
      statementTimeoutMs: null,
      lockTimeoutMs: null,
      workMem: null,
      schedule: null,
      safetyRefreshMs: null,
      fireOnReplica: null,
      channel: null,
      watchTables: null,
    });
    expect(await registered(id)).toEqual({
      refresh_lag: 1.5,
      max_wait: 60,
      cooldown: 2,
      statement_timeout: null,
      lock_timeout: null,
      work_mem: null,
      schedule: null,
      safety_refresh: null,
      fire_on_replica: false,
      channel: null,
      derived: true,
      watches: ['DELETE', 'INSERT', 'TRUNCATE', 'UPDATE'].map((event) => `${event} ${shop.orders}`),
    });
    await mv.alterMv(daily(), { watchTables: [] });
    expect(await registered(id)).toMatchObject({ derived: false, watches: [] });
  });

  test.each<[string, RegisterMvOptions, boolean, number]>([
    ['without watches: what the query reads', {}, true, 4],
    ['an empty list: nothing', { watchTables: [] }, false, 0],
  ])('%s', async (_what, options, derived, count) => {
    const row = await registered(await mv.registerMv(shop.view, options));
    expect(row?.['derived']).toBe(derived);
    expect(row?.['watches']).toHaveLength(count);
  });

  test('explains, simulates, follows the catalog, and puts triggers right', async () => {
    await mv.registerMv(shop.view);
    const facts = await mv.explainMv(daily());
    expect(facts.map(({ topic }) => topic)).toEqual(expect.arrayContaining(['source', 'watch', 'state', 'plan']));
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    const simulation = await mv.simulateMv(shop.view, { refreshLag: 1, maxWait: 2, cooldown: 3, windowMs: 3_600_000 });
    expect(simulation).toMatchObject({ transactions: 1, refreshes: 1, longestStalenessMs: 1000, refreshingMs: 0 });
    expect(simulation.since).toBeInstanceOf(Date);
    await expect(mv.simulateMv(shop.view, { cooldown: -1 })).rejects.toMatchObject({
      code: 'AUTO_MV_ARGUMENT_INVALID',
    });
    await expect(mv.explainMv(shop.orders)).rejects.toMatchObject({ code: 'AUTO_MV_VIEW_NOT_REGISTERED' });
    await db.query(`alter table ${shop.orders} rename to sold`);
    expect(await mv.syncMv()).toEqual([{ action: 'renamed', object: `${shop.orders} is ${shop.schema}.sold now` }]);
    await db.query(
      `create trigger stray after truncate on ${shop.schema}.sold for each statement execute function pgauto_mv.capture('987654')`,
    );
    expect(await mv.cleanMv()).toContainEqual({ action: 'trigger taken off', object: `stray on ${shop.schema}.sold` });
  });

  test('a chain: behind another view, in both ways of naming it; a circle has its code', async () => {
    await db.query(`create materialized view ${shop.schema}."Über ""all""" as select 1 as n`);
    const above = { schema: shop.schema, name: 'Über "all"' };
    await mv.registerMv(above);
    const id = await mv.registerMv(shop.view, { watchTables: [], chain: [above] });
    expect(await registered(id)).toMatchObject({ watches: [`REFRESH ${shop.schema}."Über ""all"""`] });
    await expect(mv.alterMv(above, { chain: [shop.view] })).rejects.toMatchObject({ code: 'AUTO_MV_CHAIN_CYCLE' });
    await expect(mv.alterMv(above, { chain: [''] })).rejects.toMatchObject({ code: 'AUTO_MV_ARGUMENT_INVALID' });
    expect(await mv.freshness(shop.view)).toMatchObject({ lastRootLagMs: null, lastRootDurationMs: null });
    await mv.alterMv(shop.view, { chain: null });
    expect(await registered(id)).toMatchObject({ watches: [] });
  });

  test('a view whose names need quotes, in both ways of naming it, within the transaction of its client', async () => {
    const schema = `Größe "${shop.schema}"`;
    const name = ';drop';
    const quoted = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
    await db.query(`create schema ${client.escapeIdentifier(schema)}`);
    await db.query(`create materialized view ${quoted} as select count(*) as n from ${shop.orders}`);
    await client.query('begin');
    await mv.registerMv({ schema, name }, { watchTables: [{ table: shop.orders }] });
    expect(await mv.freshness(quoted)).toMatchObject({ dirty: true });
    await client.query('rollback');
    await expect(mv.freshness({ schema, name })).rejects.toMatchObject({ code: 'AUTO_MV_VIEW_NOT_REGISTERED' });
    await mv.registerMv(quoted);
    await mv.pauseMv({ schema, name });
    await mv.unregisterMv(quoted);
  });

  test('and ends the registration of a view that is gone', async () => {
    const id = await mv.registerMv(shop.view);
    await db.query(`drop materialized view ${shop.view}`);
    await mv.unregisterMv(daily());
    expect(await registered(id)).toBeUndefined();
  });
});

test('pauses, resumes, and says how fresh a view is', async () => {
  const id = await mv.registerMv(shop.view, { watchTables: [{ table: shop.orders }] });
  expect(await mv.freshness(shop.view)).toMatchObject({
    id,
    dirty: true,
    staleSince: expect.any(Date),
    pendingChanges: 0,
    installing: false,
    refreshing: false,
    pausedAt: null,
    refreshes: 0,
    lastRefreshedAt: null,
    lastRefreshDurationMs: null,
    lastRefreshMode: null,
    failures: 0,
  });
  await mv.pauseMv(shop.view);
  expect((await mv.freshness(daily())).pausedAt).toBeInstanceOf(Date);
  expect(await mv.getMvProblems()).toContainEqual({
    code: 'paused',
    object: shop.view,
    evidence: expect.any(String),
    remedy: `select pgauto_mv.resume_mv('daily', '${shop.schema}');`,
  });
  await mv.resumeMv(daily());
  expect((await mv.freshness(daily())).pausedAt).toBeNull();
  await mv.unregisterMv(shop.view);
});

test('waits until a write is in the view, and asks for refreshes by hand', async () => {
  await start();
  const id = await mv.registerMv(shop.view, { watchTables: [], cooldown: 0 });
  const token = await order(db, shop, 6); // no watch sees it
  expect(await mv.waitUntilFresh(shop.view, token)).toBe(true);
  expect(await mv.isFresh(daily(), BigInt(token))).toBe(true);
  expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 6 }]);
  const later = await order(db, shop, 1);
  expect(await mv.isFresh(shop.view, later)).toBe(false);
  expect(await mv.refreshNow(shop.view)).toMatch(/^\d+$/);
  await until(async () => mv.isFresh(shop.view, later), 'the refresh by hand');
  expect(await mv.freshness(shop.view)).toMatchObject({
    dirty: false,
    lastRefreshedAt: expect.any(Date),
    lastRefreshDurationMs: expect.any(Number),
    lastRefreshMode: 'concurrently',
    lastRefreshReason: null,
    staleSince: null,
  });
  expect(await isDirty(db, id)).toBe(false);
});

test('gates a table for a bulk load', async () => {
  const id = await mv.registerMv(shop.view);
  await mv.gateSource(shop.orders);
  expect(await mv.getMvProblems()).toContainEqual(expect.objectContaining({ code: 'source_gated' }));
  await mv.ungateSource(shop.orders);
  expect(await mv.getMvProblems()).not.toContainEqual(expect.objectContaining({ code: 'source_gated' }));
  expect(await isDirty(db, id)).toBe(true);
});

test('has a pool of its own over a connection string', async () => {
  await start();
  const own = createMvClient({ connectionString: db.url });
  const id = await own.registerMv(shop.view, { cooldown: 0 });
  expect(await mv.freshness(shop.view)).toMatchObject({ id });
  const token = await order(db, shop, 6);
  expect(await own.waitUntilFresh(daily(), token)).toBe(true);
  expect(await own.isFresh(shop.view, token)).toBe(true);
  await expect(own.waitUntilFresh({ schema: shop.schema, name: 'no' }, token)).rejects.toMatchObject({
    code: 'AUTO_MV_VIEW_UNKNOWN',
  });
  await own.close();
  await mv.close(); // the client given to it stays open
  await client.query('select 1');
});

describe('errors of the database have a code of their own, the hint, and the cause', () => {
  const cases: readonly [string, string, (given: Shop) => Promise<unknown>][] = [
    ['no such view', 'AUTO_MV_VIEW_UNKNOWN', ({ schema }) => mv.registerMv(`${schema}.no`)],
    ['no such schema', 'AUTO_MV_VIEW_UNKNOWN', () => mv.registerMv({ schema: 'no', name: 'no' }, { watchTables: [] })],
    ['no name at all', 'AUTO_MV_VIEW_UNKNOWN', () => mv.isFresh('a b', '1')],
    ['a table', 'AUTO_MV_VIEW_KIND', ({ orders }) => mv.registerMv(orders)],
    [
      'registered already',
      'AUTO_MV_VIEW_REGISTERED',
      async ({ view }) => {
        await mv.registerMv(view);
        return mv.registerMv(view);
      },
    ],
    ['not registered', 'AUTO_MV_VIEW_NOT_REGISTERED', ({ view }) => mv.alterMv(view, { cooldown: 1 })],
    ['a table that no view watches', 'AUTO_MV_SOURCE_UNWATCHED', ({ orders }) => mv.gateSource(orders)],
    [
      'a table gated twice',
      'AUTO_MV_SOURCE_GATED',
      async ({ view, orders }) => {
        await mv.registerMv(view);
        await mv.gateSource(orders);
        return mv.gateSource(orders);
      },
    ],
    [
      'a table that is not gated',
      'AUTO_MV_SOURCE_NOT_GATED',
      async ({ view, orders }) => {
        await mv.registerMv(view);
        return mv.ungateSource(orders);
      },
    ],
    ['not registered, asked', 'AUTO_MV_VIEW_NOT_REGISTERED', ({ view }) => mv.isFresh(view, '1')],
    [
      'no such table',
      'AUTO_MV_TABLE_UNKNOWN',
      ({ view, schema }) => mv.registerMv(view, { watchTables: [{ table: `${schema}.no` }] }),
    ],
    [
      'a catalog',
      'AUTO_MV_TABLE_UNWATCHABLE',
      ({ view }) => mv.registerMv(view, { watchTables: [{ table: 'pg_catalog.pg_class' }] }),
    ],
    ['no such channel', 'RELAY_CHANNEL_UNKNOWN', ({ view }) => mv.registerMv(view, { channel: 'nowhere' })],
    ['no amount of memory', 'AUTO_MV_SETTING_INVALID', ({ view }) => mv.registerMv(view, { workMem: 'much' })],
    [
      'a token of the caller itself',
      'AUTO_MV_TOKEN_OPEN',
      async ({ view }) => {
        await mv.registerMv(view);
        await client.query('begin');
        const { rows } = await client.query('select pg_current_xact_id()::text as token');
        return mv.waitUntilFresh(view, rows[0].token).finally(() => client.query('rollback'));
      },
    ],
  ];
  test.each(cases)('%s', async (_what, code, act) => {
    const error = await act(shop).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RelayError);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w/), cause: expect.any(Error) });
  });

  test('any other error is PostgreSQL’s own', async () => {
    await client.end();
    await expect(mv.registerMv(shop.view)).rejects.not.toBeInstanceOf(RelayError);
  });
});

describe('an argument that cannot work is refused before anything is sent', () => {
  const silent: Queryable = {
    query: async () => {
      throw new Error('sent');
    },
  };
  const nothing = createMvClient({ db: silent });
  const register = (options: unknown) => nothing.registerMv('v', options as RegisterMvOptions);
  const cases: readonly [string, () => Promise<unknown>][] = [
    ['an empty name', () => nothing.pauseMv('')],
    ['a NUL in a name', () => nothing.pauseMv('a\0b')],
    ['half a name', () => nothing.freshness({ schema: 's' } as never)],
    ['no name', () => nothing.unregisterMv(undefined as never)],
    ['an unknown option', () => register({ refresh_lag: 1 })],
    ['an option of Object', () => register({ toString: 1 })],
    ['no options', () => register(7)],
    ['a negative time', () => register({ refreshLag: -1 })],
    ['more than a year', () => register({ maxWait: 31_536_001 })],
    ['NaN', () => register({ cooldown: Number.NaN })],
    ['a text for a number', () => register({ cooldown: '2' })],
    ['half a millisecond', () => register({ lockTimeoutMs: 0.5 })],
    ['a safety refresh all the time', () => register({ safetyRefreshMs: 0 })],
    ['an empty schedule', () => register({ schedule: ' ' })],
    ['a number for a flag', () => register({ fireOnReplica: 1 })],
    ['null where nothing can be reset', () => register({ workMem: null })],
    ['watches that are no list', () => register({ watchTables: 'orders' })],
    ['a watch without a table', () => register({ watchTables: [{ events: ['INSERT'] }] })],
    ['an event that is none', () => register({ watchTables: [{ table: 't', events: ['UPSERT'] }] })],
    ['no events', () => register({ watchTables: [{ table: 't', events: [] }] })],
    ['a token that is none', () => nothing.isFresh('v', 'abc')],
    ['a negative token', () => nothing.isFresh('v', -1n)],
    ['a timeout without end', () => nothing.waitUntilFresh('v', '1', { timeoutMs: Number.POSITIVE_INFINITY })],
  ];
  test.each(cases)('%s', async (_what, act) => {
    await expect(act()).rejects.toMatchObject({
      code: 'AUTO_MV_ARGUMENT_INVALID',
      message: expect.stringMatching(/ is /),
      hint: expect.stringMatching(/\w/),
    });
  });
});

describe('groups', () => {
  test('are made, altered, listed and dropped', async () => {
    await db.query(`create materialized view ${shop.schema}.total as select count(*) as key from ${shop.orders}`);
    await db.query(`create unique index on ${shop.schema}.total (key)`);
    await mv.registerMv(daily());
    await mv.registerMv(`${shop.schema}.total`);
    const views = [daily(), `${shop.schema}.total`];
    await mv.createGroup('both', views, { maxDurationMs: 5_000 });
    expect(await mv.groups()).toMatchObject([
      {
        name: 'both',
        members: [shop.view, `${shop.schema}.total`],
        mode: 'concurrently',
        asOf: null,
        dirty: true,
        maxDurationMs: 5_000,
        memberCostsMs: [null, null],
      },
    ]);
    expect(await mv.freshness(daily())).toMatchObject({ group: 'both', asOf: null });
    await mv.alterGroup('both', { views: [...views].reverse(), plain: true, maxDurationMs: 90_000 });
    expect(await mv.groups()).toMatchObject([{ mode: 'plain', maxDurationMs: 90_000 }]);
    await db.query(`call pgauto_mv.refresh_due('${shop.view}')`);
    const [group] = await mv.groups();
    expect(group).toMatchObject({
      dirty: false,
      asOf: expect.any(Date),
      failing: null,
      memberCostsMs: [expect.any(Number), expect.any(Number)],
    });
    expect((await mv.freshness(daily())).asOf).toEqual(group?.asOf);
    await mv.dropGroup('both');
    expect(await mv.groups()).toEqual([]);
  });

  test('that cannot be are refused', async () => {
    await mv.registerMv(daily());
    const refuses = async (call: Promise<unknown>, code: string) => expect(call).rejects.toMatchObject({ code });
    await refuses(mv.createGroup('g', [daily()]), 'AUTO_MV_GROUP_SIZE');
    await refuses(mv.createGroup('', [daily()]), 'AUTO_MV_ARGUMENT_INVALID');
    await refuses(mv.createGroup('g', [daily()], { maxDurationMs: 0 }), 'AUTO_MV_ARGUMENT_INVALID');
    await refuses(mv.createGroup('g', [daily()], { plain: 'yes' as unknown as boolean }), 'AUTO_MV_ARGUMENT_INVALID');
    await refuses(mv.alterGroup('g', { colour: 1 } as object), 'AUTO_MV_ARGUMENT_INVALID');
    await refuses(mv.alterGroup('g', { plain: true }), 'AUTO_MV_GROUP_UNKNOWN');
    await refuses(mv.dropGroup('g'), 'AUTO_MV_GROUP_UNKNOWN');
  });
});
