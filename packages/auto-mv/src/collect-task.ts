import type { PeriodicTask } from '@pgrelay/relay-core';

/** At most so many rows a call, so that the shared connection is free again soon. */
const BATCH = 5_000;

/** Removes changes that every view has served, leaving a firing each in the log, and log rows that are too old. */
export function collectTask(everyMs: number, keepLogDays: number, keepFiringsHours: number): PeriodicTask {
  return {
    name: 'auto-mv collect',
    everyMs,
    async run({ control }) {
      const { rows } = await control.query<{ gone: number }>(
        'select pgauto_mv.collect_v1($1, $2, $3)::float8 as gone',
        [`${keepLogDays} days`, `${keepFiringsHours} hours`, BATCH],
      );
      return (rows[0]?.gone ?? 0) >= BATCH ? 0 : everyMs;
    },
  };
}
