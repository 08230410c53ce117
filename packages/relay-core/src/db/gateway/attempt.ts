import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { Backend, Fence, Trouble } from './rows.js';

/** What a handler does while it runs. */
export const attemptCalls = {
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

  /** How far an attempt has come. @throws RelayError RELAY_FENCED, RELAY_ARGUMENT_INVALID */
  async noteProgress(
    db: Queryable,
    fence: Fence,
    attempt: { readonly id: string; readonly attempt: number },
    progress: number,
    note: string | null,
  ): Promise<void> {
    await call(db, 'select pgrelay.note_progress_v1($1, $2, $3, $4, $5, $6)', [
      fence.slot,
      fence.epoch,
      attempt.id,
      attempt.attempt,
      progress,
      note,
    ]);
  },

  /** The trace under which an event was sent. */
  async traceparent(db: Queryable, eventId: string): Promise<string | undefined> {
    const rows = await call<{ traceparent: string | null }>(db, 'select pgrelay.traceparent($1) as traceparent', [
      eventId,
    ]);
    return rows[0]?.traceparent ?? undefined;
  },

  async noteRecurrence(db: Queryable, channel: string): Promise<void> {
    await call(db, 'select pgrelay.note_recurrence_v1($1)', [channel]);
  },

  /** Ids of events that this Processor runs and somebody wants stopped. */
  async cancellations(db: Queryable, fence: Fence): Promise<string[]> {
    const rows = await call<{ ids: string[] }>(
      db,
      'select pgrelay.cancellations_v1($1, $2)::pg_catalog.text[] as ids',
      [fence.slot, fence.epoch],
    );
    return rows[0]?.ids ?? [];
  },

  /** Cancels what of this these backends of the Processor run in a batch of a SQL channel: the events, each with the backend that ran it. */
  stopBatches(db: Queryable, fence: Fence, pids: readonly number[]): Promise<{ id: string; pid: number }[]> {
    return call(db, 'select event_id::text as id, pid from pgrelay.stop_batches_v1($1, $2, $3)', [
      fence.slot,
      fence.epoch,
      pids,
    ]);
  },

  /** False: it is gone, or not at work. */
  async cancelBackend(db: Queryable, backend: Backend): Promise<boolean> {
    const rows = await call<{ sent: boolean }>(db, 'select pgrelay.cancel_backend_v1($1, $2) as sent', [
      backend.pid,
      backend.start,
    ]);
    return rows[0]?.sent === true;
  },

  /** Ends those of these events of a SQL channel that somebody wants cancelled, after the batch that ran them was cancelled. */
  async endCancelled(
    db: Queryable,
    fence: Fence,
    worker: number,
    ids: readonly string[],
    elapsedMs: number,
  ): Promise<readonly Trouble[]> {
    const rows = await call<{ ended: readonly Trouble[] }>(
      db,
      'select pgrelay.end_cancelled_v1($1, $2, $3, $4, $5) as ended',
      [fence.slot, fence.epoch, worker, ids, elapsedMs],
    );
    return rows[0]?.ended ?? [];
  },
};
