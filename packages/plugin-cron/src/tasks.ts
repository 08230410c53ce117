import type { PeriodicTask } from '@pgrelay/relay-core';
import { cronGateway } from './cron-gateway.js';

/** Sends what is due, and comes back when the next job is, or sooner to see new ones. */
export function tickTask(lookEveryMs: number): PeriodicTask {
  return {
    name: 'cron tick',
    everyMs: lookEveryMs,
    async run({ control }) {
      const nextMs = await cronGateway.tick(control);
      return nextMs === undefined ? undefined : Math.min(Math.ceil(nextMs), lookEveryMs);
    },
  };
}

/** Forgets old runs, once an hour. */
export function forgetTask(keepDays: number): PeriodicTask {
  return {
    name: 'cron forget',
    everyMs: 3_600_000,
    async run({ control }) {
      await cronGateway.forget(control, keepDays);
      return undefined;
    },
  };
}
