import { type ChannelMarks, type Fence, gateway, type PolledChannel } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { RelayEvent } from '../event.js';

/** Claims up to `limit` events of a handler channel; the payload is still text. */
export async function claim(
  db: Queryable,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  limit: number,
  marks: ChannelMarks,
): Promise<RelayEvent<string | null>[]> {
  const rows = await gateway.claim(db, fence, worker, channel.id, limit, marks);
  return rows.map((row) => ({
    id: row.id,
    channel: channel.name,
    payload: row.payload,
    attempt: row.attempt,
    priority: row.priority,
    enqueuedAt: new Date(row.enqueued_ms),
    dedupKey: row.dedup_key,
    key: row.key,
  }));
}
