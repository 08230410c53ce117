import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { LaneMarks, Look, LookQuestion } from './rows.js';

/** What an idle Processor asks. */
export const pollCalls = {
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

  /** Whether the channel's circuit breaker, if it has one, lets an event through now. */
  async letsThrough(db: Queryable, channelId: number): Promise<boolean> {
    return (
      (await call<{ yes: boolean }>(db, 'select pgrelay.lets_through_v1($1) as yes', [channelId]))[0]?.yes === true
    );
  },
};
