import { type Fence, gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/**
 * Finds events that this Processor holds in the database but not in memory: their claim's reply was lost. They belong to
 * a living instance, so no rescue ever finds them. An event must be missing in two looks, since the reply of a claim may
 * be under way during one. Nothing is asked while no claim has been sent.
 */
export function reclaimTask(
  fence: () => Fence | undefined,
  inMemory: (fence: Fence, id: string) => boolean,
  claims: () => number,
  everyMs = 60_000,
): PeriodicTask {
  let suspects = new Set<string>();
  let seen = 0;
  return {
    name: 'reclaim',
    everyMs,
    async run({ control, log }) {
      const now = fence();
      if (now === undefined) return;
      const sent = claims();
      if (sent === seen && suspects.size === 0) return;
      seen = sent;
      const strange = (await gateway.held(control, now)).filter((id) => !inMemory(now, id));
      const orphans = strange.filter((id) => suspects.has(id));
      if (orphans.length > 0) {
        await gateway.release(control, now, orphans);
        log.warn({ events: orphans.length }, 'claims whose reply was lost were given back');
      }
      suspects = new Set(strange);
      return strange.length > 0 ? Math.min(everyMs, 2_000) : everyMs;
    },
  };
}
