import type { Failure } from '../pg-error.js';
import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { Completion, Fence, Settlement, Trouble } from './rows.js';

/** Attempts end. */
export const settleCalls = {
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

  /** Counts the loss of the worker's connection against the event that it ran alone; what came of it. */
  async lose(
    db: Queryable,
    fence: Fence,
    worker: number,
    eventId: string,
    elapsedMs: number,
  ): Promise<'lost' | 'failed' | null> {
    const rows = await call<{ outcome: 'lost' | 'failed' | null }>(
      db,
      'select pgrelay.lose_v1($1, $2, $3, $4, $5) as outcome',
      [fence.slot, fence.epoch, worker, eventId, elapsedMs],
    );
    return rows[0]?.outcome ?? null;
  },

  async release(db: Queryable, fence: Fence, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await call(db, 'select pgrelay.release_v1($1, $2, $3)', [fence.slot, fence.epoch, ids]);
  },
};
