import type { PeriodicTask } from '@pgrelay/relay-core';

/** Puts dropped triggers back, one a transaction, and makes their views dirty. */
export function repairTask(everyMs: number): PeriodicTask {
  return {
    name: 'auto-mv repair',
    everyMs,
    async run({ control, log }) {
      const { rows } = await control.query<{ watch: string | null }>('select pgauto_mv.repair_v1() as watch');
      const watch = rows[0]?.watch;
      if (watch === null || watch === undefined) return everyMs;
      log.warn({ watch }, 'a dropped trigger was put back');
      return 0;
    },
  };
}
