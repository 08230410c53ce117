import { type AutoMvOptions, autoMv } from '@pgrelay/auto-mv';
import { Processor } from '@pgrelay/relay-core';
import { type TestDatabase, until } from '@pgrelay/test-support';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import { isDirty } from './refresh.js';
import { type Shop, watch } from './shop.js';

/** Starts Processors for the tests of one file; after each test they are stopped and the views unregistered. */
export function useProcessors(db: TestDatabase): (options?: AutoMvOptions, url?: string) => Promise<Processor> {
  const running: Processor[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((processor) => processor.stop()));
    await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  });
  return async (options = {}, url = db.url) => {
    const processor = new Processor({
      connectionString: url,
      plugins: [autoMv({ plannerEveryMs: 50, ...options })],
      pollIntervalMs: 50,
      leaseMs: 3000,
      drainTimeoutMs: 200,
      log: pino({ level: 'silent' }),
    });
    running.push(processor);
    await processor.start();
    return processor;
  };
}

/** Writes and returns the token of the transaction. */
export async function order(db: TestDatabase, shop: Shop, amount = 1): Promise<string> {
  const rows = await db.query<{ token: string }>(
    `with o as (insert into ${shop.orders} (amount) values ($1)) select pg_current_xact_id()::text as token`,
    [amount],
  );
  return rows[0]?.token ?? '';
}

export async function refreshes(db: TestDatabase, id: string): Promise<number> {
  const rows = await db.query<{ n: number }>('select refreshes::int as n from pgauto_mv.freshness where id = $1', [id]);
  return rows[0]?.n ?? 0;
}

export async function untilFresh(db: TestDatabase, id: string): Promise<void> {
  await until(async () => !(await isDirty(db, id)) && (await refreshes(db, id)) > 0, `view ${id} is fresh`);
}

/** A view whose refresh sleeps while a row of the table `gate` says so. */
export async function slowView(db: TestDatabase, shop: Shop): Promise<string> {
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`create materialized view ${shop.schema}.slow as
    select (select sum(amount) from ${shop.orders}) as revenue, count(*) as n from ${shop.schema}.gate g, lateral pg_sleep(g.seconds)`);
  return watch(db, shop, 'INSERT', ', p_cooldown => 0', 'slow');
}

/** The backend that sleeps in a refresh. */
export function untilSleeping(db: TestDatabase): Promise<number> {
  return until(async () => {
    const rows = await db.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' and query ~ '^refresh'",
    );
    return rows[0]?.pid;
  }, 'a refresh sleeps');
}

/** How the attempts at an event ended, once there are this many. */
export function untilEnds(db: TestDatabase, eventId: string | undefined, count: number): Promise<string[]> {
  return until(async () => {
    const rows = await db.query<{ outcome: string }>(
      'select outcome from pgrelay.log where event_id = $1 order by attempt',
      [eventId],
    );
    return rows.length >= count && rows.map((row) => row.outcome);
  }, `event ${eventId} has ended ${count} times`);
}
