import type { PeriodicTask } from '@pgrelay/relay-core';

/** How often to look for triggers that a registration left over, in ms. */
const LOOK_MS = 1_000;

/** The pauses between two tries at a busy table, in ms: each doubles, because its writers queue for 100 ms of each try. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Puts the triggers on that a registration could not, because their table was busy: those of one table a transaction. */
export function installTask(): PeriodicTask {
  let pauseMs = FIRST_PAUSE_MS;
  return {
    name: 'auto-mv install',
    everyMs: LOOK_MS,
    async run({ control, log }) {
      const { rows } = await control.query<{ relation: string | null; waiting: number }>(
        'select relation, waiting::float8 as waiting from pgauto_mv.install_v1()',
      );
      const { relation = null, waiting = 0 } = rows[0] ?? {};
      if (relation !== null) log.info({ relation }, 'the triggers of a table were put on');
      if (relation !== null || waiting === 0) {
        pauseMs = FIRST_PAUSE_MS;
        return waiting === 0 ? LOOK_MS : 0;
      }
      const now = pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      return now;
    },
  };
}
