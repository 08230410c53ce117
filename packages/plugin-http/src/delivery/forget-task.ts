import type { PeriodicTask } from '@pgrelay/relay-core';
import { httpGateway, isNotInstalled } from '../http-gateway.js';

/** Forgets old attempts, once an hour; while there are many, at once again. */
export function forgetTask(keepDays: number): PeriodicTask {
  return {
    name: 'http forget',
    everyMs: 3_600_000,
    async run({ control }) {
      try {
        return (await httpGateway.forgetAttempts(control, keepDays)) === 10_000 ? 100 : undefined;
      } catch (error) {
        if (isNotInstalled(error)) return undefined;
        throw error;
      }
    },
  };
}
