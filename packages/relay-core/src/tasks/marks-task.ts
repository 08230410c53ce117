import type { Marks } from '../flow/marks.js';
import type { PeriodicTask } from './periodic-task.js';

/** With more events than this between two ticks the next one comes sooner. */
const manyEvents = 500;
const hurryMs = 50;

/**
 * Advances the low-water marks once a second; under load more often, since every event that is done lies dead above the
 * marks until they advance, and a claim walks over it (0.2 µs each).
 */
export function marksTask(marks: Marks): PeriodicTask {
  return {
    name: 'marks',
    everyMs: 1_000,
    async run({ control }) {
      await marks.tick(control);
      return marks.takenSince() > manyEvents ? hurryMs : undefined;
    },
  };
}
