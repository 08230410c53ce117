import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { BatchRow, ChannelMarks, ClaimedRow, Fence, ToplevelRow } from './rows.js';

/** Events are taken, or run where they lie. */
export const claimCalls = {
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
      "select id::text, payload, attempt, priority, pg_catalog.date_part('epoch', enqueued_at) * 1000 as enqueued_ms, dedup_key, key from pgrelay.claim_v1($1, $2, $3, $4, $5, $6, $7)",
      [fence.slot, fence.epoch, worker, channelId, limit, marks.priorities, marks.lows],
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

  async held(db: Queryable, fence: Fence): Promise<string[]> {
    return (
      await call<{ id: string }>(db, 'select id::text from pgrelay.reclaim_v1($1, $2)', [fence.slot, fence.epoch])
    ).map((row) => row.id);
  },
};
