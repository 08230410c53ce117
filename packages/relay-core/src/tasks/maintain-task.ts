import { gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/** Housekeeping, in ms. */
const everyMs = 3_600_000;

/** The log is kept in short steps, each a transaction of its own; while there are more of them, the next one comes after this. */
const moreMs = 5_000;

/** How long things are kept, in days. */
export interface Retention {
  readonly logDays: number;
  /** Undefined: failed events are kept until somebody removes them. */
  readonly failedDays: number | undefined;
}

/** Makes and drops the log's daily partitions, and forgets old dedup keys, effects and failed events, once an hour. */
export function maintainTask({ logDays, failedDays }: Retention): PeriodicTask {
  let nextAt = 0;
  return {
    name: 'maintain',
    everyMs,
    async run({ control }) {
      if (performance.now() >= nextAt) {
        await gateway.maintain(control, logDays);
        nextAt = performance.now() + everyMs - moreMs;
      }
      const moreFailed = failedDays !== undefined && (await gateway.forgetFailed(control, failedDays));
      return (await gateway.keepLog(control, logDays)) || moreFailed ? moreMs : everyMs;
    },
  };
}
