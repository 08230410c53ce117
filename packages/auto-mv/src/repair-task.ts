import type { PeriodicTask } from '@pgrelay/relay-core';

/**
 * Makes views dirty again that changed unnoticed: puts dropped triggers back, follows replaced views and partitions, and
 * looks for rows that were written past the triggers. One a transaction.
 */
export function repairTask(everyMs: number): PeriodicTask {
  return {
    name: 'auto-mv repair',
    everyMs,
    async run({ control, log }) {
      const { rows } = await control.query<{ watch: string | null }>('select pgauto_mv.repair_v1() as watch');
      const watch = rows[0]?.watch;
      if (watch !== null && watch !== undefined) {
        log.warn({ watch }, 'a dropped trigger was put back');
        return 0;
      }
      const views = await control.query<{ mv: string | null }>('select pgauto_mv.repair_view_v1() as mv');
      const mv = views.rows[0]?.mv;
      if (mv !== null && mv !== undefined) {
        log.warn({ mv }, 'a view changed unnoticed and is refreshed');
        return 0;
      }
      const past = await control.query<{ watches: number }>('select pgauto_mv.notice_bypass_v1()::float8 as watches');
      const watches = past.rows[0]?.watches ?? 0;
      if (watches > 0) log.warn({ watches }, 'rows were written past the triggers; their views are refreshed');
      return everyMs;
    },
  };
}
