import type { Logger } from 'pino';
import { gateway } from '../db/gateway.js';
import { isServerAway, sqlstateOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';

/**
 * Declares Processors dead whose lease is over, and ends the backends they left: before anybody takes their events, whose
 * row locks those may hold. One that may not be ended (another login's) keeps its locks until the server notices that its
 * peer is gone, and no other backend for it. Returns the slots.
 */
export async function endDead(db: Queryable, log: Logger): Promise<number[]> {
  const dead = await gateway.bury(db);
  for (const { slot, pid, backend_start: start } of dead) {
    if (pid === null) continue;
    await gateway.endBackend(db, pid, start).catch((error) => {
      if (isServerAway(error)) throw error;
      log.warn({ deadSlot: slot, sqlstate: sqlstateOf(error) }, 'a backend of a lost Processor could not be ended');
    });
  }
  return [...new Set(dead.map((row) => row.slot))];
}
