import { gateway } from '../db/gateway.js';
import type { PeriodicTask } from './periodic-task.js';

/** Makes and drops the log's daily partitions and forgets old effects, once an hour. */
export function maintainTask(retentionDays: number): PeriodicTask {
  return {
    name: 'maintain',
    everyMs: 3_600_000,
    async run({ control }) {
      await gateway.maintain(control, retentionDays);
      return undefined;
    },
  };
}
