import { gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/** While no event waits for others, and while some do, in ms. */
const looks = { idleMs: 5_000, waitingMs: 1_000 } as const;

/** Lets events run that waited for others to end, when these have. Every Processor looks; what one has at hand the others leave. */
export function afterAllTask(): PeriodicTask {
  return {
    name: 'after-all',
    everyMs: looks.idleMs,
    async run({ control }) {
      return (await gateway.releaseWaiters(control)) ? looks.waitingMs : looks.idleMs;
    },
  };
}
