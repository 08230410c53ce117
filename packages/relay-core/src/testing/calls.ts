import { call } from '../db/gateway/call.js';
import type { Queryable } from '../db/queryable.js';

/** Where an event is: it waits or runs, it is among the failed, or it has left and has only audit rows. */
export type TestState = 'ready' | 'claimed' | 'delayed' | 'failed';

export interface EventRow {
  readonly id: string;
  readonly channel: string;
  readonly state: TestState;
  readonly payload: string | null;
  readonly attempt: number;
  readonly priority: number;
  readonly dedup_key: string | null;
  readonly enqueued_ms: number;
  /** Null: when others have ended (after_all). */
  readonly run_ms: number | null;
  readonly code: string | null;
}

export interface LogRow {
  readonly outcome: 'done' | 'retried' | 'failed' | 'cancelled' | 'snoozed' | 'lost';
  readonly attempt: number;
  readonly sqlstate: string | null;
  readonly code: string | null;
  readonly started_ms: number | null;
  readonly finished_ms: number;
}

const ms = (column: string) =>
  `case when pg_catalog.isfinite(${column}) then pg_catalog.date_part('epoch', ${column}) * 1000 end`;

const events = `select x.id::text as id, c.name as channel, x.state, x.payload, x.attempt, x.priority, x.dedup_key,
    ${ms('x.enqueued_at')} as enqueued_ms, ${ms('x.run_at')} as run_ms, null as code
  from (
    select q.id, q.channel_id, case when q.slot is null then 'ready' else 'claimed' end as state, q.payload, q.attempt, q.priority, q.dedup_key, q.enqueued_at, q.run_at
      from pgrelay.queue q
    union all
    select d.id, d.channel_id, 'delayed', d.payload, d.attempt, d.priority, d.dedup_key, d.enqueued_at, d.run_at from pgrelay.delayed d) x
  join pgrelay.channel c on c.id = x.channel_id and ($1::text is null or c.name = $1)
  union all
  select f.id::text, f.channel, 'failed', f.payload, f.attempt, f.priority, f.dedup_key, ${ms('f.enqueued_at')}, null, f.code
  from pgrelay.failed f where $1::text is null or f.channel = $1`;

/** The statements of the testing entry. They read tables that no Processor may read: the login needs the role pgrelay_admin. */
export const testCalls = {
  /** What waits, runs or has failed; of one channel, or of all. */
  events: (db: Queryable, channel: string | null) =>
    call<EventRow>(db, `select * from (${events}) e order by e.id::bigint`, [channel]),

  /** The audit rows of one event, oldest first. */
  log: (db: Queryable, eventId: string) =>
    call<LogRow>(
      db,
      `select l.outcome, l.attempt, l.sqlstate, l.code, ${ms('l.started_at')} as started_ms, ${ms('l.finished_at')} as finished_ms
        from pgrelay.log l where l.event_id = $1 order by l.attempt, l.finished_at`,
      [eventId],
    ),

  async now(db: Queryable): Promise<string> {
    return (await call<{ now: string }>(db, 'select pgrelay.clock_now()::text as now'))[0]?.now ?? '';
  },

  /** What could run now and has not ended: for each channel how many, and one of them. */
  open: (db: Queryable, channels: readonly string[] | null) =>
    call<{ channel: string; events: number; id: string }>(
      db,
      `select e.channel, count(*)::integer as events, min(e.id)::text as id from pgrelay.events e
        where (e.state <> 'delayed' or e.run_at <= pgrelay.clock_now()) and ($1::text[] is null or e.channel = any ($1))
        group by e.channel order by e.channel`,
      [channels],
    ),

  /** Lets delayed events run now, but not those that wait for others. How many. */
  async hurry(db: Queryable, channels: readonly string[] | null): Promise<number> {
    const rows = await call<{ n: number }>(
      db,
      `select count(*)::integer as n from (
        select pgrelay.snooze(e.id, interval '0') from pgrelay.events e
          where e.state = 'delayed' and pg_catalog.isfinite(e.run_at) and ($1::text[] is null or e.channel = any ($1)) offset 0) s`,
      [channels],
    );
    return rows[0]?.n ?? 0;
  },

  /** How many attempts have ended since then, by outcome. */
  ended: (db: Queryable, channels: readonly string[] | null, since: string) =>
    call<{ outcome: LogRow['outcome']; n: number }>(
      db,
      `select l.outcome, count(*)::integer as n from pgrelay.log l
        where l.finished_at >= $2::timestamptz and ($1::text[] is null or l.channel = any ($1)) group by 1`,
      [channels, since],
    ),

  async databaseName(db: Queryable): Promise<string> {
    return (await call<{ name: string }>(db, 'select pg_catalog.current_database() as name'))[0]?.name ?? '';
  },

  async hasClock(db: Queryable): Promise<boolean> {
    const rows = await call<{ has: boolean }>(
      db,
      "select pg_catalog.to_regclass('pgrelay_test.clock_shift_ms') is not null as has",
    );
    return rows[0]?.has === true;
  },

  /**
   * Puts another clock in the place of pgrelay.clock_now(), and keeps the original. How far it is ahead is the value of a sequence:
   * every session sees it at once, in transactions that are open, too. The statements of one text are one transaction.
   */
  async installClock(db: Queryable): Promise<void> {
    await call(
      db,
      `create schema pgrelay_test;
      grant usage on schema pgrelay_test to public;
      create sequence pgrelay_test.clock_shift_ms minvalue 0 start 0;
      grant select on sequence pgrelay_test.clock_shift_ms to public;
      create table pgrelay_test.original as select pg_catalog.pg_get_functiondef('pgrelay.clock_now()'::regprocedure) as clock_now;
      set local role pgrelay_owner;
      create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as
        $$ select pg_catalog.clock_timestamp() + s.last_value * interval '1 millisecond' from pgrelay_test.clock_shift_ms s $$`,
    );
  },

  /** Moves the clock, and with it, unless their leases shall end, the heartbeats of those who live: nobody who looks meanwhile finds them dead. */
  async advance(db: Queryable, byMs: number, endLeases: boolean): Promise<void> {
    await call(
      db,
      `do $do$ begin
        set local role pgrelay_owner;
        update pgrelay.instance i set heartbeat_at = i.heartbeat_at + interval '${byMs} milliseconds' where i.alive and not ${endLeases};
        reset role;
        perform pg_catalog.setval('pgrelay_test.clock_shift_ms', s.last_value + ${byMs}) from pgrelay_test.clock_shift_ms s;
        perform pg_catalog.pg_notify('pgrelay', '');
      end $do$`,
    );
  },

  /** The schema goes last: as long as it is there, this can be done again. */
  async uninstallClock(db: Queryable): Promise<void> {
    await call(
      db,
      `do $do$ declare v_original text := (select o.clock_now from pgrelay_test.original o); begin
        set local role pgrelay_owner;
        execute v_original;
        reset role;
      end $do$`,
    );
    await call(db, 'drop schema pgrelay_test cascade');
  },

  savepoint: (db: Queryable) => call(db, 'savepoint pgrelay_handler'),
  undo: (db: Queryable) => call(db, 'rollback to savepoint pgrelay_handler'),
};
