import { lane, type Session, until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { order, slowView, untilEnds, untilFresh, untilSleeping, useProcessors } from './support/processor.js';
import { refresh } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

/** What became of the attempts at a view, once one was done after the first `after`. */
async function outcomes(id: string): Promise<string[]> {
  const rows = await db.query<{ outcome: string }>(
    "select outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id",
    [id],
  );
  return rows.map((row) => row.outcome);
}

async function reasons(id: string): Promise<string[]> {
  const rows = await db.query<{ reason: string }>(
    "select reason from pgauto_mv.log where mv_id = $1 and outcome = 'gave way' order by id",
    [id],
  );
  return rows.map((row) => row.reason);
}

/** Nobody but a cancelled refresh lets these through: it would sleep for an hour. */
const forAnHour = (shop: Shop) => db.query(`insert into ${shop.schema}.gate values (3600)`);
const noMore = (shop: Shop) => db.query(`delete from ${shop.schema}.gate`);

describe('a refresh gives way', () => {
  test('to DDL on a table that it reads and to whoever queues behind that, twice, and succeeds at the third try', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await forAnHour(shop);
    await start();
    const [migration, reader] = [await db.session('migration'), await db.session('reader')];
    for (const column of ['a', 'b']) {
      await untilSleeping(db);
      if (column === 'b') await noMore(shop);
      const alter = migration.start(`alter table ${shop.orders} add column ${column} integer`);
      const read = reader.start(`select count(*) from ${shop.orders}`);
      await alter;
      await read;
    }
    await untilFresh(db, id);
    expect(await outcomes(id)).toEqual(['gave way', 'gave way', 'done']);
    expect(await reasons(id)).toEqual(Array(2).fill(`AccessExclusiveLock on ${shop.orders} is awaited`));
    expect(await db.query('select failures from pgauto_mv.freshness where id = $1', [id])).toEqual([{ failures: 0 }]);
  });

  test('to the readers of a view without a unique index, and is a problem until it succeeds', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await start();
    await untilFresh(db, id);
    await forAnHour(shop);
    await order(db, shop, 5);
    await untilSleeping(db);
    await noMore(shop);
    await (await db.session('reader')).query(`select * from ${shop.schema}.slow`);
    const problem = await until(async () => {
      const rows = await db.query<{ remedy: string }>(
        "select remedy from pgauto_mv.get_mv_problems() where code = 'refresh_gives_way'",
      );
      return rows[0];
    }, 'it is a problem');
    expect(problem.remedy).toContain('unique index');
    await untilFresh(db, id);
    expect(await reasons(id)).toEqual([`AccessShareLock on ${shop.schema}.slow is awaited`]);
    expect(await db.query("select from pgauto_mv.get_mv_problems() where code = 'refresh_gives_way'")).toEqual([]);
  });

  test('also when it was asked for by hand: the request comes back, uncounted', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await start();
    await untilFresh(db, id);
    await forAnHour(shop);
    const [event] = await db.query<{ id: string }>(
      `select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')::text as id`,
    );
    await untilSleeping(db);
    await noMore(shop);
    await db.query(`alter table ${shop.orders} add column c integer`);
    expect(await untilEnds(db, event?.id, 2)).toEqual(['snoozed', 'done']);
  });
});

test('a refresh loses the deadlock that a migration closes', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await start({ giveWayAfterMs: 60_000 }); // long after the server would have found a victim
  await untilFresh(db, id);
  const migration = await db.session('migration');
  await migration.query('begin');
  await migration.query(`alter table ${shop.orders} add column note text`);
  const [event] = await db.query<{ id: string }>(
    `select pgauto_mv.refresh_materialised_view_now('daily', '${shop.schema}')::text as id`,
  );
  // The refresh holds the view and waits for the table, and its own look for a deadlock is behind it; then the migration
  // waits for the view, whose look would find one.
  await until(
    async () =>
      (
        await db.query(
          `select from pg_locks where not granted and relation = '${shop.orders}'::regclass and mode = 'AccessShareLock'
            and waitstart < clock_timestamp() - interval '100 ms'`,
        )
      ).length > 0,
    'the refresh waits for the migration',
  );
  await migration.query(`refresh materialized view ${shop.view}`);
  await migration.query('commit');
  expect(await untilEnds(db, event?.id, 2)).toEqual(['snoozed', 'done']);
  expect(await reasons(id)).toEqual([`AccessExclusiveLock on ${shop.view} is awaited, in a deadlock`]);
});

describe('who has to wait for a refresh', () => {
  const blocked = (pid: number, patience: string) =>
    db.query<{ pid: number; reason: string }>('select * from pgauto_mv.blocked_by_refresh_v1(array[$1::integer], $2)', [
      pid,
      patience,
    ]);

  /** A refresh that has its claim and its snapshot. */
  async function entered(id: string): Promise<Session> {
    const session = await db.session(`refresher of ${id}`);
    const [claim] = await session.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')",
      [id],
    );
    await session.query('begin isolation level repeatable read');
    await session.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '10 s', '10 s')", [id, claim?.epoch]);
    return session;
  }

  /** A refresh that has done everything but commit. */
  async function refreshing(id: string, statement: string): Promise<Session> {
    const session = await entered(id);
    await session.query(statement);
    return session;
  }

  test('DDL, after its patience; the readers of the view, twice as long after each failure', async () => {
    const shop = await openShop(db);
    await addView(db, shop, 'counted');
    const counted = `${shop.schema}.counted`;
    const id = await watch(db, shop, 'INSERT', '', 'counted');
    for (const [failures, waits] of [
      [0, true],
      [20, false],
    ] as const) {
      await db.query('update pgauto_mv.state set failures = $2 where mv_id = $1', [id, failures]);
      const refresher = await refreshing(id, `refresh materialized view ${counted}`);
      const reader = await db.session('reader');
      const reading = reader.start(`select * from ${counted}`);
      await reader.untilBlocked();
      expect(await blocked(refresher.pid, '1 h')).toEqual([]);
      const row = { pid: refresher.pid, reason: `AccessShareLock on ${counted} is awaited` };
      if (waits) {
        await until(
          async () => (await blocked(refresher.pid, '10 ms')).length === 1,
          'the reader has waited for 10 ms',
        );
        expect(await blocked(refresher.pid, '10 ms')).toEqual([row]);
      }
      const migration = await db.session('migration');
      const altering = migration.start(`alter table ${shop.orders} add column x${failures} integer`);
      await migration.untilBlocked();
      const [first] = await until(async () => {
        const rows = await blocked(refresher.pid, '10 ms');
        return rows.length > 0 && rows;
      }, 'the migration has waited for 10 ms');
      expect(first?.reason).toBe(waits ? row.reason : `AccessExclusiveLock on ${shop.orders} is awaited`);
      await refresher.query('rollback');
      await reading;
      await altering;
      await db.query(
        "select pgauto_mv.release_refresh_v1($1, s.epoch, 'now', 'test') from pgauto_mv.state s where mv_id = $1",
        [id],
      );
    }
  });

  test('neither another refresh by hand nor one of ours counts', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await db.query(`create materialized view ${shop.schema}.total as select sum(revenue) as r from ${shop.view}`);
    const [down] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.total'::regclass) as id`,
    );
    const refresher = await refreshing(id, `refresh materialized view ${shop.view}`);
    const ours = await entered(down?.id ?? '');
    const byHand = await db.session('by hand');
    const waiting = [
      ours.start(`refresh materialized view ${shop.schema}.total`),
      byHand.start(`refresh materialized view concurrently ${shop.view}`),
    ];
    await ours.untilBlocked();
    await byHand.untilBlocked();
    expect(await blocked(refresher.pid, '-1 s')).toEqual([]);
    await refresher.query('commit');
    await Promise.all(waiting);
    await ours.query('commit');
  });
});

test('the session of a refresh looks for deadlocks first, where it may set that', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT');
  const client = await db.connect();
  await refresh(client, id);
  const { rows } = await client.query('show deadlock_timeout');
  expect(rows).toEqual([{ deadlock_timeout: lane() === 'superuser' ? '50ms' : '1s' }]);
});
