import { type Fence, gateway } from '../db/gateway.js';
import type { InFlight } from '../flow/in-flight.js';
import type { RunningBatches } from '../flow/running-batches.js';
import type { PeriodicTask } from './periodic-task.js';

/**
 * Looks which of the events that run here somebody wants stopped. The NOTIFY of pgrelay.cancel() is the quick way; this is
 * the safety net where it does not arrive (a pooler, a connection that was just lost). Sends nothing while nothing runs.
 */
export function cancelTask(
  fence: () => Fence | undefined,
  inFlight: InFlight,
  sqlBatches: RunningBatches,
  everyMs = 5_000,
): PeriodicTask {
  return {
    name: 'cancel',
    everyMs,
    async run({ control }) {
      await sqlBatches.stop();
      const now = fence();
      if (now === undefined || inFlight.size === 0) return undefined;
      for (const id of await gateway.cancellations(control, now)) inFlight.cancel(id);
      return undefined;
    },
  };
}
