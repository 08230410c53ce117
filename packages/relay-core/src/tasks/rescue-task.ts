import { gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/** Without a look that says so. */
const safetyNetMs = 600_000;

/**
 * Looks for dead Processors, ends their backends, then returns their events. Every Processor does it; there is no leader.
 * A look that finds a lease over has it run at once. The order matters: events come back only after the backends that may still hold their locks have been ended.
 */
export function rescueTask(onRescued: () => void): PeriodicTask {
  return {
    name: 'rescue',
    everyMs: safetyNetMs,
    async run({ control, log }) {
      const dead = await gateway.bury(control);
      for (const slot of new Set(dead.map((row) => row.slot)))
        log.warn({ deadSlot: slot }, 'a Processor was lost; its events are taken back');
      for (const { pid, backend_start: start } of dead) {
        if (pid !== null) await gateway.endBackend(control, pid, start);
      }
      const events = await gateway.rescue(control);
      if (events > 0) {
        log.warn({ events }, 'events of lost Processors came back');
        onRescued();
      }
    },
  };
}
