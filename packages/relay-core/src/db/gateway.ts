import { toRelayError } from '@pgrelay/relay-sql';
import type { Failure } from './pg-error.js';
import type { Preparing, Queryable } from './queryable.js';

/** The slot of a Processor and the epoch that fences its writes. */
export interface Fence {
  readonly slot: number;
  readonly epoch: string;
}

export interface PolledChannel {
  readonly id: number;
  readonly name: string;
  readonly kind: 'sql' | 'handler' | 'toplevel';
  readonly parallel: boolean;
  readonly timeoutMs: number;
}

export interface ClaimedRow {
  readonly id: string;
  readonly payload: string | null;
  readonly attempt: number;
  readonly priority: number;
  /** Since the epoch. */
  readonly enqueued_ms: number;
  readonly dedup_key: string | null;
}

/** An event of a top-level channel, and what to send for it. */
export interface ToplevelRow {
  readonly id: string;
  readonly attempt: number;
  readonly statements: readonly string[];
  readonly search_path: string;
}

export interface Trouble {
  readonly id: string;
  readonly channel?: string;
  readonly outcome: string;
  readonly attempt: number;
  readonly sqlstate: string | null;
  readonly code: string | null;
}

export interface BatchRow {
  readonly busy: boolean;
  readonly limited: boolean;
  readonly taken: number;
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
  readonly troubles: readonly Trouble[];
}

/** A low-water mark for each lane (channel, priority), in arrays of equal length. */
export interface LaneMarks {
  readonly channels: readonly number[];
  readonly priorities: readonly number[];
  readonly lows: readonly string[];
  /** No lane had an event up to the place that was asked for. */
  readonly idle: boolean;
}

/** Where claims of one channel begin: a low-water mark for each of its lanes, that is, for each priority. */
export type ChannelMarks = Pick<LaneMarks, 'priorities' | 'lows'>;

/** One finished attempt, as settle_v1 takes it. Times are ages in ms by a monotonic clock. */
export interface Settlement {
  readonly id: string;
  readonly attempt: number;
  readonly outcome: 'done' | 'retried' | 'failed' | 'cancelled' | 'snoozed' | 'error';
  readonly delayMs: number | null;
  readonly startedAgoMs: number;
  readonly finishedAgoMs: number;
  readonly error: Failure | null;
}

/** What a look asks for, beside the channels of handlers. */
export interface LookQuestion {
  readonly lanes: LaneMarks;
  /** What the last look said; undefined: say it anew. */
  readonly rescan: string | undefined;
  readonly cand: string | undefined;
  /** Keep the flag armed that makes notify() send hints. */
  readonly arm: boolean;
  /** Say who holds the lock of an insert. */
  readonly watch: boolean;
  /** Read every lane from the beginning. */
  readonly full: boolean;
  /** Take back what ended epochs still hold. */
  readonly rescue: boolean;
}

/** What look_v1 answers. */
export interface Look {
  readonly channels: readonly PolledChannel[];
  /** When the next delayed event is due, in ms. */
  readonly nextDueMs: number | null;
  readonly rescan: string;
  readonly cand: string;
  /** Null when nothing has changed since the question's rescan and cand. */
  readonly holders: readonly string[] | null;
  /** The marks of a full look. */
  readonly lanes: LaneMarks | null;
  /** Who may still commit an event without a hint; null when the flag was armed already, or was not to be. */
  readonly earlier: readonly string[] | null;
  readonly producers: readonly string[] | null;
  /** A Processor was lost and its events are not all back. */
  readonly dead: boolean;
  /** When the next lease ends that is not renewed, in ms. */
  readonly expiresMs: number | null;
  readonly rescued: number | null;
}

/** An attempt that ended well, as complete_v1 takes it. */
export type Completion = Pick<Settlement, 'id' | 'attempt' | 'startedAgoMs' | 'finishedAgoMs'>;

/** The calls a Processor makes; nothing else in this package holds SQL text. Each maps our SQLSTATEs to RelayError. */
export const gateway = {
  async notify(db: Queryable, channel: string, payload: string | null, options: NotifyRow): Promise<string> {
    const { runAt = null, delayMs = null, priority = null, dedupKey = null } = options;
    const rows = await call<{ id: string }>(
      db,
      "select pgrelay.notify($1, $2, coalesce($3::timestamptz, pgrelay.clock_now() + $4::double precision * interval '1 millisecond'), $5, $6)::text as id",
      [channel, payload, runAt, delayMs, priority, dedupKey],
    );
    return rows[0]?.id ?? '';
  },

  async notifyMany(
    db: Queryable,
    channel: string,
    events: readonly (NotifyRow & { readonly payload: string | null })[],
  ): Promise<string[]> {
    const column = (of: (event: NotifyRow) => unknown) =>
      events.some((event) => of(event) !== undefined) ? events.map((event) => of(event) ?? null) : null;
    const rows = await call<{ ids: string[] }>(
      db,
      "select pgrelay.notify_many($1, $2, (select pg_catalog.array_agg(coalesce(x.at, pgrelay.clock_now() + x.ms * interval '1 millisecond') order by x.n) from rows from (pg_catalog.unnest($3::timestamptz[]), pg_catalog.unnest($4::double precision[])) with ordinality x(at, ms, n)), $5, $6)::text[] as ids",
      [
        channel,
        events.map((event) => event.payload),
        column((event) => event.runAt),
        column((event) => event.delayMs),
        column((event) => event.priority),
        column((event) => event.dedupKey),
      ],
    );
    return rows[0]?.ids ?? [];
  },

  async attach(
    db: Queryable,
    host: string,
    pid: number,
    version: string,
    leaseMs: number,
    workers: number,
    handlers: readonly string[],
  ): Promise<Fence> {
    const rows = await call<Fence>(db, 'select slot, epoch::text from pgrelay.attach_v1($1, $2, $3, $4, $5, $6)', [
      host,
      pid,
      version,
      leaseMs,
      workers,
      handlers,
    ]);
    return rows[0] as Fence;
  },

  async inRecovery(db: Queryable): Promise<boolean> {
    return (await call<{ yes: boolean }>(db, 'select pg_catalog.pg_is_in_recovery() as yes'))[0]?.yes === true;
  },

  async enterBackend(db: Queryable, fence: Fence, purpose: string): Promise<void> {
    await call(db, 'select pgrelay.enter_backend_v1($1, $2, $3)', [fence.slot, fence.epoch, purpose]);
  },

  /** False: the Processor was declared dead. */
  async heartbeat(db: Queryable, fence: Fence): Promise<boolean> {
    const rows = await call<{ alive: boolean }>(db, 'select pgrelay.heartbeat_v1($1, $2) as alive', [
      fence.slot,
      fence.epoch,
    ]);
    return rows[0]?.alive === true;
  },

  async detach(db: Queryable, fence: Fence): Promise<void> {
    await call(db, 'select pgrelay.detach_v1($1, $2)', [fence.slot, fence.epoch]);
  },

  declareHandlers(db: Queryable, names: readonly string[], modes: readonly string[], declare: boolean) {
    return call<{ name: string; id: number; problem: 'unknown' | 'sql' | 'mode' | null }>(
      db,
      'select name, id, problem from pgrelay.declare_handlers_v1($1, $2, $3)',
      [names, modes, declare],
    );
  },

  async look(db: Queryable, handlerChannels: readonly number[], question: LookQuestion): Promise<Look> {
    const { lanes, rescan = null, cand = null, arm, watch, full, rescue } = question;
    const rows = await call<Look>(
      db,
      'select channels, next_due_ms as "nextDueMs", rescan::text, cand::text, holders, lanes, earlier, producers, dead, expires_ms as "expiresMs", rescued from pgrelay.look_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
      [
        handlerChannels,
        lanes.channels,
        lanes.priorities,
        lanes.lows,
        rescan,
        cand,
        lanes.idle,
        arm,
        watch,
        full,
        rescue,
      ],
      'look',
    );
    return rows[0] as Look;
  },

  /** Null when the flag was armed already, else who may still commit an event without a hint. */
  async arm(db: Queryable): Promise<string[] | null> {
    return (await call<{ holders: string[] | null }>(db, 'select pgrelay.arm_v1() as holders'))[0]?.holders ?? null;
  },

  async marks(db: Queryable, cand: string, marks: LaneMarks): Promise<LaneMarks> {
    const rows = await call<LaneMarks>(
      db,
      'select channels, priorities, lows::text[], idle from pgrelay.marks_v1($1, $2, $3, $4)',
      [cand, marks.channels, marks.priorities, marks.lows],
    );
    return rows[0] as LaneMarks;
  },

  async listen(db: Queryable): Promise<void> {
    await call(db, 'listen pgrelay');
  },

  claim(
    db: Queryable,
    fence: Fence,
    worker: number,
    channelId: number,
    limit: number,
    marks: ChannelMarks,
  ): Promise<ClaimedRow[]> {
    return call<ClaimedRow>(
      db,
      "select id::text, payload, attempt, priority, pg_catalog.date_part('epoch', enqueued_at) * 1000 as enqueued_ms, dedup_key from pgrelay.claim_v1($1, $2, $3, $4, $5, $6, $7)",
      [fence.slot, fence.epoch, worker, channelId, limit, marks.priorities, marks.lows],
      'claim',
    );
  },

  async claimToplevel(
    db: Queryable,
    fence: Fence,
    worker: number,
    channelId: number,
  ): Promise<ToplevelRow | undefined> {
    const rows = await call<ToplevelRow>(
      db,
      'select id::text, attempt, statements, search_path from pgrelay.claim_toplevel_v1($1, $2, $3, $4)',
      [fence.slot, fence.epoch, worker, channelId],
    );
    return rows[0];
  },

  /** Lets the session act as role pgrelay, with the search_path of the channel, until the connection ends. */
  async enterToplevel(db: Queryable, searchPath: string): Promise<void> {
    await call(
      db,
      "select pg_catalog.set_config('search_path', $1, false), pg_catalog.set_config('role', 'pgrelay', false)",
      [searchPath],
    );
  },

  async runBatch(
    db: Queryable,
    fence: Fence,
    worker: number,
    channelId: number,
    limit: number,
    singly: boolean,
    capMs: number,
    marks: ChannelMarks,
    onlyId: string | null = null,
  ): Promise<BatchRow> {
    const rows = await call<BatchRow>(
      db,
      'select * from pgrelay.run_batch_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      [fence.slot, fence.epoch, worker, channelId, limit, singly, capMs, marks.priorities, marks.lows, onlyId],
      'run_batch',
    );
    return rows[0] as BatchRow;
  },

  async peek(db: Queryable, channelId: number, limit: number, marks: ChannelMarks): Promise<string[]> {
    const rows = await call<{ ids: string[] }>(db, 'select pgrelay.peek_v1($1, $2, $3, $4)::text[] as ids', [
      channelId,
      limit,
      marks.priorities,
      marks.lows,
    ]);
    return rows[0]?.ids ?? [];
  },

  settle(db: Queryable, fence: Fence, all: readonly Settlement[]): Promise<Required<Trouble>[]> {
    return call<Required<Trouble>>(
      db,
      'select id::text, channel, outcome, attempt, sqlstate, code from pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [
        fence.slot,
        fence.epoch,
        all.map((s) => s.id),
        all.map((s) => s.attempt),
        all.map((s) => s.outcome),
        all.map((s) => s.delayMs),
        all.map((s) => s.startedAgoMs),
        all.map((s) => s.finishedAgoMs),
        all.map((s) => (s.error === null ? null : JSON.stringify(s.error))),
      ],
    );
  },

  /** How many attempts were ended. The arrays are written out here: the client's own way of it costs more than the rest. */
  async complete(db: Queryable, fence: Fence, all: readonly Completion[]): Promise<number> {
    const array = (of: (one: Completion) => string | number) => `{${all.map(of).join()}}`;
    const rows = await call<{ n: number }>(
      db,
      'select pgrelay.complete_v1($1, $2, $3, $4, $5, $6) as n',
      [
        fence.slot,
        fence.epoch,
        array((one) => one.id),
        array((one) => one.attempt),
        array((one) => one.startedAgoMs.toFixed(3)),
        array((one) => one.finishedAgoMs.toFixed(3)),
      ],
      'complete',
    );
    return rows[0]?.n ?? 0;
  },

  async fail(
    db: Queryable,
    fence: Fence,
    worker: number,
    eventId: string,
    elapsedMs: number,
    failure: Failure,
  ): Promise<string | null> {
    const rows = await call<{ outcome: string | null }>(
      db,
      'select pgrelay.fail_v1($1, $2, $3, $4, $5, $6) as outcome',
      [fence.slot, fence.epoch, worker, eventId, elapsedMs, JSON.stringify(failure)],
    );
    return rows[0]?.outcome ?? null;
  },

  async release(db: Queryable, fence: Fence, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await call(db, 'select pgrelay.release_v1($1, $2, $3)', [fence.slot, fence.epoch, ids]);
  },

  /** What was recorded for an effect of an event, or undefined. @throws RelayError RELAY_FENCED, RELAY_ARGUMENT_INVALID */
  async recall(
    db: Queryable,
    fence: Fence,
    eventId: string,
    name: string,
  ): Promise<{ readonly result: unknown } | undefined> {
    const rows = await call<{ recorded: boolean; result: unknown }>(
      db,
      'select recorded, result from pgrelay.recall_v1($1, $2, $3, $4)',
      [fence.slot, fence.epoch, eventId, name],
    );
    return rows[0]?.recorded === true ? { result: rows[0].result } : undefined;
  },

  async recordEffect(db: Queryable, eventId: string, name: string, result: string): Promise<unknown> {
    const rows = await call<{ result: unknown }>(db, 'select pgrelay.record_effect_v1($1, $2, $3) as result', [
      eventId,
      name,
      result,
    ]);
    return rows[0]?.result;
  },

  async held(db: Queryable, fence: Fence): Promise<string[]> {
    return (
      await call<{ id: string }>(db, 'select id::text from pgrelay.reclaim_v1($1, $2)', [fence.slot, fence.epoch])
    ).map((row) => row.id);
  },

  bury(db: Queryable) {
    return call<{
      slot: number;
      host: string | null;
      host_pid: number | null;
      pid: number | null;
      backend_start: Date | null;
    }>(db, 'select slot, host, host_pid, pid, backend_start::text from pgrelay.bury_v1()');
  },

  /** The backends of a Processor's workers. */
  backends(db: Queryable, fence: Fence): Promise<{ pid: number; backend_start: string }[]> {
    return call(db, 'select pid, backend_start from pgrelay.backends_v1($1, $2)', [fence.slot, fence.epoch]);
  },

  async endBackend(db: Queryable, pid: number, backendStart: unknown): Promise<void> {
    await call(db, 'select pgrelay.end_backend_v1($1, $2)', [pid, backendStart]);
  },

  async rescue(db: Queryable): Promise<number> {
    return (await call<{ n: number }>(db, 'select pgrelay.rescue_v1() as n'))[0]?.n ?? 0;
  },

  async maintain(db: Queryable, retentionDays: number): Promise<void> {
    await call(db, 'select pgrelay.maintain_v1(make_interval(days => $1))', [retentionDays]);
    await call(db, 'select pgrelay.forget_effects_v1(make_interval(days => $1))', [retentionDays]);
  },
};

/** How notify() may be told to wait, to hurry or to coalesce. */
export interface NotifyRow {
  readonly runAt?: Date;
  readonly delayMs?: number;
  readonly priority?: number;
  readonly dedupKey?: string;
}

/** `name`: prepared once on each connection, for calls that are made again and again. */
async function call<R extends object>(db: Queryable, text: string, values?: unknown[], name?: string): Promise<R[]> {
  try {
    const result =
      name === undefined || !('prepared' in db && typeof db.prepared === 'function')
        ? await db.query<R & Record<string, unknown>>(text, values)
        : await (db as Preparing).prepared<R & Record<string, unknown>>(name, text, values ?? []);
    return result.rows;
  } catch (error) {
    throw toRelayError(error);
  }
}
