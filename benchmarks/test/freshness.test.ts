import { describe, expect, test } from 'vitest';
import { nothing, relay } from '../src/scenarios/freshness/arms.js';
import { judgeFreshness } from '../src/scenarios/freshness/judge-freshness.js';
import { Repeat } from '../src/scenarios/freshness/repeat.js';
import { type ArmFigures, mismatches } from '../src/scenarios/freshness/run-arm.js';
import { staleness } from '../src/scenarios/freshness/staleness.js';

describe('staleness()', () => {
  const commits = [4, 8, 12].map((order) => ({ order, at: order * 10 }));

  test('is the time until the first look that found the order or a later one', () => {
    const sightings = [
      { latest: 0, at: 30 },
      { latest: 4, at: 60 },
      { latest: 12, at: 200 },
    ];
    expect(staleness(commits, sightings)).toEqual({ ms: [20, 120, 80], never: 0 });
  });

  test('is nothing when a look found it before the acknowledgement, and never when none did', () => {
    expect(staleness(commits, [{ latest: 8, at: 35 }])).toEqual({ ms: [0, 0], never: 1 });
    expect(staleness(commits, [])).toEqual({ ms: [], never: 3 });
  });
});

describe('Repeat', () => {
  test('a whole run begins after one asks for it', async () => {
    let begun = 0;
    let release: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const repeat = new Repeat(1, async () => {
      begun += 1;
      if (begun === 1) await first;
    });
    while (begun === 0) await new Promise((resolve) => setImmediate(resolve));
    const whole = repeat.wholeRun().then(() => begun);
    release();
    expect(await whole).toBeGreaterThan(1);
    await repeat.stop();
  });

  test('tells what went wrong', async () => {
    const repeat = new Repeat(1, () => Promise.reject(new Error('no server')));
    await expect(repeat.wholeRun()).rejects.toThrow('no server');
    await expect(repeat.stop()).rejects.toThrow('no server');
  });
});

describe('the ledger of the freshness comparison', () => {
  test('wants every acknowledged order, and equal rows where that is promised', () => {
    const written = { orders: 7, failed: 0 };
    expect(mismatches({ exact: true }, written, { orders: 7, differing: 0 })).toEqual([]);
    expect(mismatches({ exact: true }, written, { orders: 6, differing: 2 })).toEqual([
      '7 orders were placed, there are 6',
      'view and query differ in 2 rows in the end',
    ]);
    expect(mismatches({ exact: false }, { orders: 7, failed: 3 }, { orders: 7, differing: 2 })).toEqual([]);
    expect(mismatches({ exact: true }, { orders: 7, failed: 3 }, { orders: 7, differing: 0 })).toEqual([
      '3 writes failed',
    ]);
  });

  test('decides whether the run has passed', () => {
    const figures = (wrong: readonly string[]): ArmFigures => ({
      seconds: 10,
      written: { ms: [1, 2, 3], orders: 3, commits: [], failed: 0 },
      staleness: { ms: [200, 300], never: 1 },
      refreshes: 5,
      sessionMs: 100,
      processMs: 20,
      differing: 0,
      wrong,
    });
    const good = judgeFreshness(
      new Map([
        [nothing, [figures([])]],
        [relay(2), [figures([])]],
      ]),
      500,
    );
    expect(good.passed).toBe(true);
    expect(good.lines.join('\n')).toContain(
      '| auto-mv, cooldown 2 s | 0 | 2 | 3 | 3 | 200 | 300 | 300 | 1 | 30 | 100 | 20 | 0 | 0 |',
    );
    const bad = judgeFreshness(new Map([[nothing, [figures(['an order is missing'])]]]), 500);
    expect(bad.passed).toBe(false);
    expect(bad.lines.join('\n')).toContain('**LEDGER**: no refresh: an order is missing');
  });
});
