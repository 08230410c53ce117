import { gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/** Housekeeping, in ms. */
const everyMs = 3_600_000;

/** The log is kept in short steps, each a transaction of its own; while there are more of them, the next one comes after this. */
const moreMs = 5_000;

/** Makes and drops the log's daily partitions, and forgets old dedup keys and effects, once an hour. */
export function maintainTask(retentionDays: number): PeriodicTask {
  let nextAt = 0;
  return {
    name: 'maintain',
    everyMs,
    async run({ control }) {
      if (performance.now() >= nextAt) {
        await gateway.maintain(control, retentionDays);
        nextAt = performance.now() + everyMs - moreMs;
      }
      return (await gateway.keepLog(control, retentionDays)) ? moreMs : everyMs;
    },
  };
}
