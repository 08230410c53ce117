import { setTimeout as pause } from 'node:timers/promises';
import { type Backend, type Fence, gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/** A backend that has not ended after this many looks, 10 ms apart, is left for the next time. */
const looks = 100;

/**
 * After a worker lost its connection: gives back what it holds in the database but not in memory, uncounted. The reply of a
 * claim may have been lost with the connection, and since the Processor lives no rescue ever finds those events. The order
 * matters: the backends are ended first, since a claim that is still at work would commit after the look.
 * Returns how many came back; undefined when a backend has not ended yet, so that it must be tried again.
 */
export async function readBack(
  db: Queryable,
  fence: Fence,
  worker: number,
  lost: readonly Backend[],
  inMemory: (id: string) => boolean,
): Promise<number | undefined> {
  for (const { pid, start } of lost)
    for (let look = 0; await gateway.endBackend(db, pid, start); look += 1) {
      if (look === looks) return undefined;
      await pause(10);
    }
  const ids = (await gateway.heldByWorker(db, fence, worker)).filter((id) => !inMemory(id));
  await gateway.release(db, fence, ids);
  return ids.length;
}
