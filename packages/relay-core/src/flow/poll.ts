import { gateway, type LaneMarks, type PolledChannel } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

export interface Poll {
  /** Channels that have work, in the order in which to take them. */
  readonly channels: readonly PolledChannel[];
  /** When the next delayed event is due, in ms; undefined when none waits. */
  readonly nextDueMs: number | undefined;
}

/**
 * Asks which channels have work. `turn` rotates the answer, so that each worker and each poll begins with another
 * channel and a busy one does not starve the rest.
 */
export async function poll(
  db: Queryable,
  handlerChannels: readonly number[],
  marks: LaneMarks,
  turn: number,
): Promise<Poll> {
  const { channels, nextDueMs } = await gateway.poll(db, handlerChannels, marks);
  const first = channels.length === 0 ? 0 : turn % channels.length;
  return { channels: [...channels.slice(first), ...channels.slice(0, first)], nextDueMs: nextDueMs ?? undefined };
}
