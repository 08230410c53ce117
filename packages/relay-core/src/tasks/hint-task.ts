import { type Fence, gateway } from '../db/gateway.js';
import type { Hint } from '../flow/hint.js';
import type { HintCheck } from '../instance/hint-check.js';
import type { PeriodicTask } from './periodic-task.js';

/**
 * Checks once for each connection that listens whether hints reach it, and says so where pgrelay.processors and
 * get_problems() show it. Unheard ones are switched off, so that no producer pays for them, and are tried again later.
 */
export function hintTask(
  fence: () => Fence | undefined,
  hint: Hint,
  check: HintCheck,
  send: (words: string) => void,
  everyMs = 60_000,
): PeriodicTask {
  let againMs = 5_000;
  let said: boolean | undefined;
  let reported: { readonly fence: Fence; readonly heard: boolean } | undefined;
  return {
    name: 'hint',
    everyMs,
    async run({ control, log, signal }) {
      const now = fence();
      if (now === undefined) return 1_000;
      if (check.heard !== true) check.reset();
      const heard = check.heard ?? (await check.run(send, signal));
      if (heard === undefined) return;
      hint.unheard = !heard;
      if (!heard && said !== false)
        log.warn(
          { code: 'hint_unheard' },
          'hints do not reach this Processor, probably because of a transaction pooler; it polls',
        );
      if (heard && said === false) log.info('hints reach this Processor again');
      said = heard;
      if (reported?.fence !== now || reported.heard !== heard) {
        await gateway.reportHint(control, now, heard);
        reported = { fence: now, heard };
      }
      againMs = heard ? 5_000 : Math.min(againMs * 2, everyMs);
      return heard ? everyMs : againMs;
    },
  };
}
