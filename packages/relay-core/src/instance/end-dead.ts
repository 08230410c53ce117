import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/**
 * Declares Processors dead whose lease is over, and ends the backends they left: before anybody takes their events, whose
 * row locks those may hold. Returns their slots.
 */
export async function endDead(db: Queryable): Promise<number[]> {
  const dead = await gateway.bury(db);
  for (const { pid, backend_start: start } of dead) if (pid !== null) await gateway.endBackend(db, pid, start);
  return [...new Set(dead.map((row) => row.slot))];
}
