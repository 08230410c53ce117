import type { PeriodicTask } from '@pgrelay/relay-core';

/** Looks for changes and asks for the refreshes that are due; sleeps exactly until the next one, or its interval. */
export function plannerTask(everyMs: number): PeriodicTask {
  return {
    name: 'auto-mv planner',
    everyMs,
    async run({ control }) {
      const { rows } = await control.query<{ ms: number | null }>('select pgauto_mv.plan_v1()::float8 as ms');
      return Math.min(rows[0]?.ms ?? everyMs, everyMs);
    },
  };
}
