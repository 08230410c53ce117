import { describe, expect, test } from 'vitest';
import { judgePhases } from '../src/scenarios/change-log/judge-phases.js';
import type { Phase } from '../src/scenarios/change-log/run-phases.js';

/** A phase of 10,000 changes that left so many pages where there were so many before. */
function phase(name: string, before: number, after: number, change: Partial<Phase['after']> = {}): Phase {
  const look = { index: 0, waiting: 0, reported: false };
  return {
    name,
    before: { ...look, heap: before, written: 0 },
    after: { ...look, heap: after, written: 10_000, ...change },
    mostPages: after,
    tickMs: 1,
  };
}

const held = (pages: number) => phase('held', 10, 10 + pages, { reported: true });
const judged = (change: { free?: Phase; held?: Phase; later?: Phase }, quick = false) =>
  judgePhases(
    [change.free ?? phase('free', 0, 10), change.held ?? held(140), change.later ?? phase('later', 150, 150)],
    {
      quick,
    },
  );

describe('the change log under a held snapshot', () => {
  test('may grow by so many bytes a change, when the problems say so, and no more afterwards', () => {
    const { passed, lines } = judged({});
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('| bytes a change that stay while a snapshot is held | 114.7 |');
    expect(judged({ held: held(150) }).passed).toBe(false);
    expect(judged({ held: phase('held', 10, 150) }).passed).toBe(false); // not reported
    expect(judged({ free: phase('free', 0, 10, { reported: true }) }).passed).toBe(false);
    expect(judged({ later: phase('later', 150, 158) }).passed).toBe(false);
  });

  test('must have served everything, in a quick run, too', () => {
    const { passed, lines } = judged({ later: phase('later', 150, 150, { waiting: 3 }) }, true);
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain('**LEDGER**: 3 changes are left');
  });
});
