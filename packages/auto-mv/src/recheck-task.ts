import type { PeriodicTask } from '@pgrelay/relay-core';

/** Notices what was altered beside the views: functions that a refresh failed for, and names of views and tables. And has sync_mv() run by itself. */
export function recheckTask(everyMs: number): PeriodicTask {
  return {
    name: 'auto-mv recheck',
    everyMs,
    async run({ control, log }) {
      const { rows } = await control.query<{ views: number; names: number }>(
        'select pgauto_mv.recheck_v1()::float8 as views, pgauto_mv.keep_names_v1()::float8 as names',
      );
      await control.query('select pgauto_mv.start_sync_v1()');
      const { views = 0, names = 0 } = rows[0] ?? {};
      if (views > 0) log.info({ views }, 'functions were altered; views that failed for them are tried again');
      if (names > 0) log.info({ names }, 'views or tables were renamed');
      return everyMs;
    },
  };
}
