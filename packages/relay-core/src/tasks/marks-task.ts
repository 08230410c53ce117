import type { Marks } from '../flow/marks.js';
import type { PeriodicTask } from './periodic-task.js';

/** Advances the low-water marks once a second. */
export function marksTask(marks: Marks): PeriodicTask {
  return {
    name: 'marks',
    everyMs: 1_000,
    async run({ control }) {
      await marks.tick(control);
      return undefined;
    },
  };
}
