import { describe, expect, test } from 'vitest';
import { graphileWorker } from '../src/contenders/graphile-worker.js';
import { pgrelaySql } from '../src/contenders/pgrelay-sql.js';
import { rawSql } from '../src/contenders/raw-sql.js';
import type { DrainFigures } from '../src/scenarios/drain/drain-figures.js';
import { judgeDrains } from '../src/scenarios/drain/judge-drains.js';

const ours = pgrelaySql('no-op', 1);
const theirs = graphileWorker('no-op', 'best', 1);
const raw = rawSql(1);

function drain(perSecond: number, change: Partial<DrainFigures> = {}): DrainFigures {
  return {
    events: 500_000,
    seconds: 500_000 / perSecond,
    perSecond,
    sessionMicros: 10,
    backgroundMicros: 1,
    processMicros: 5,
    peakMiB: [100],
    ledger: { enqueued: 5, effects: undefined, audited: 5, handled: undefined, repeated: 0, remaining: 0 },
    ...change,
  };
}

function judge(rates: { ours?: number; theirs?: number; raw?: number }, change = {}, quick = false) {
  const rounds = new Map([
    [ours, [drain(rates.ours ?? 66_000, change)]],
    [theirs, [drain(rates.theirs ?? 30_000)]],
    [raw, [drain(rates.raw ?? 90_000)]],
  ]);
  const comparisons = [
    { name: 'ours / theirs', ours, theirs, of: 'rate', least: 2 },
    { name: 'memory', ours, theirs, of: 'memory', most: 1 },
  ] as const;
  const context = { database: undefined, rounds: 1, quick, say: () => undefined };
  return judgeDrains({ rounds, server: {}, versions: {} }, comparisons, raw, context);
}

describe('a run of drains', () => {
  test('passes when its bars are met by a valid run whose ledger adds up', () => {
    const { passed, lines } = judge({});
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('| ours / theirs | 2.20 | 2.20–2.20 | 2.20 | at least 2 |  | met |');
    expect(lines.join('\n')).toContain('| pgrelay, SQL action, 1 process | no-op | 500,000 | 66,000 |');
  });

  test('fails at a bar, of rate or memory', () => {
    expect(judge({ ours: 59_000 }).passed).toBe(false);
    expect(judge({}, { peakMiB: [101, 90] }).passed).toBe(false);
  });

  test('fails when a peer is below its figure, though our bar is then all the easier', () => {
    const { passed, lines } = judge({ theirs: 22_000 });
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain('**INVALID**');
  });

  test('passes on a slower machine, and says that it is one', () => {
    const { passed, lines } = judge({ ours: 33_000, theirs: 15_000, raw: 45_000 });
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('**A SLOWER MACHINE**');
  });

  test('fails when the ledger does not add up, also in a quick run', () => {
    const ledger = { enqueued: 5, effects: undefined, audited: 4, handled: undefined, repeated: 0, remaining: 0 };
    for (const quick of [false, true]) {
      const { passed, lines } = judge({}, { ledger }, quick);
      expect(passed).toBe(false);
      expect(lines.join('\n')).toContain(
        '**LEDGER**: pgrelay, SQL action, 1 process, no-op: 5 events enqueued, but 4 audit rows',
      );
    }
  });

  test('judges no bar in a quick run', () => {
    const { passed, lines } = judge({ ours: 1, theirs: 1_000 }, {}, true);
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('not judged');
    expect(lines.join('\n')).not.toContain('INVALID');
  });
});
