import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const db = useDatabase();

/** Seconds, as solve_times() takes and gives them. */
interface Given {
  readonly target: number;
  readonly share: number;
  readonly duration: number | null;
  readonly unseen: number;
  readonly delay: number;
  readonly pauses: readonly number[];
}
interface Solved {
  readonly lag: number;
  readonly wait: number;
  readonly cooldown: number;
  readonly reachable: number;
}

const solve = (cases: readonly Given[]): Promise<Solved[]> =>
  db.query<Solved>(
    `select s.refresh_lag::float8 as lag, s.max_wait::float8 as wait, s.cooldown::float8 as cooldown, s.reachable::float8 as reachable
     from jsonb_array_elements($1::jsonb) with ordinality x(c, o)
     cross join lateral pgauto_mv.solve_times((c ->> 'target')::numeric, (c ->> 'share')::numeric, (c ->> 'duration')::numeric,
       (c ->> 'unseen')::numeric, (c ->> 'delay')::numeric, (select array_agg(p::real) from jsonb_array_elements_text(c -> 'pauses') p)) s
     order by o`,
    [JSON.stringify(cases)],
  );

const ms = (least: number, most: number) => fc.integer({ min: least, max: most }).map((n) => n / 1000);
const anyCase: fc.Arbitrary<Given> = fc.record({
  target: ms(100, 600_000),
  share: ms(1, 1000),
  duration: fc.option(ms(1, 300_000)),
  unseen: ms(0, 20_000),
  delay: ms(0, 2_000),
  pauses: fc.array(ms(1, 400_000), { maxLength: 64 }),
});
const many = fc.array(anyCase, { minLength: 300, maxLength: 300 });
/** Rounding: times are whole ms, pauses are single floats. */
const JUST = 0.0015;

describe('the times solved for a target', () => {
  test('keep the target wherever it can be kept, and the share of a CPU always', async () => {
    await fc.assert(
      fc.asyncProperty(many, async (cases) => {
        for (const [i, s] of (await solve(cases)).entries()) {
          const c = cases[i] as Given;
          const duration =
            c.duration ?? (Math.max(c.target / 2, c.target - c.unseen - c.delay) * c.share) / (1 + c.share);
          expect(duration).toBeLessThanOrEqual(c.share * (duration + s.cooldown) + 1e-9);
          expect(s.wait).toBeGreaterThan(0); // 0 would be no maximum at all
          expect(s.lag).toBeLessThanOrEqual(s.wait);
          // One change waits for max_wait, one that just missed a snapshot for the whole cycle.
          const worst = c.unseen + c.delay + duration + Math.max(s.wait, duration + s.cooldown);
          if (s.reachable + JUST < c.target) expect(worst).toBeLessThanOrEqual(c.target + JUST);
          // When it cannot be kept, what is said to be reachable is what the cooldown leaves.
          else expect(worst).toBeLessThanOrEqual(s.reachable + 2 * JUST);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('only get longer with a longer target, and rest less with a larger share', async () => {
    await fc.assert(
      fc.asyncProperty(many, ms(0, 600_000), async (cases, more) => {
        const longer = await solve(cases.map((c) => ({ ...c, target: c.target + more })));
        const larger = await solve(cases.map((c) => ({ ...c, share: (c.share + 1) / 2 })));
        for (const [i, s] of (await solve(cases)).entries()) {
          const [at, wide, measured] = [longer[i] as Solved, larger[i] as Solved, cases[i]?.duration != null];
          expect(at.wait).toBeGreaterThanOrEqual(s.wait);
          expect(at.lag).toBeGreaterThanOrEqual(s.lag);
          if (!measured) continue; // then the duration is assumed by target and share
          expect(at.cooldown).toBe(s.cooldown);
          expect(wide.cooldown).toBeLessThanOrEqual(s.cooldown);
          expect(wide.reachable).toBeLessThanOrEqual(s.reachable);
          expect([wide.wait, wide.lag]).toEqual([s.wait, s.lag]);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('bring a burst together, let a lone change go at once, and constant writes wait', async () => {
    const usual = { share: 0.25, duration: 0.1, unseen: 0.25, delay: 0.05 };
    const burst = [...Array<number>(9).fill(0.25), 28];
    const now = (count: number) => [
      ...Array<number>(20).fill(28),
      ...Array<number>(38).fill(0.25),
      ...Array<number>(count).fill(3),
    ];
    const [bursts, lone, steady, unknown, odd, often] = await solve([
      { ...usual, target: 5, pauses: Array<number[]>(6).fill(burst).flat() },
      { ...usual, target: 60, pauses: Array<number>(64).fill(600) },
      { ...usual, target: 60, pauses: Array.from({ length: 64 }, (_, i) => 0.5 + (i % 9)) },
      { ...usual, target: 60, pauses: [] },
      { ...usual, target: 5, pauses: now(2) },
      { ...usual, target: 5, pauses: now(3) },
    ]);
    expect(bursts).toMatchObject({ lag: 0.5, wait: 4.6, cooldown: 0.3 });
    expect(lone).toMatchObject({ lag: 0, wait: 59.6 });
    expect(steady?.lag).toBeGreaterThan(15); // twice the longest pause: none of them ends the wait
    expect(unknown?.lag).toBe(0);
    expect([odd?.lag, often?.lag]).toEqual([0.5, 4.6]); // two pauses more in 20 bursts may end a wait, three may not
  });

  test('follow what is measured, but no single measurement', async () => {
    const rows = await db.query(
      `select pgauto_mv.smoothed(null, 3)::float8 as first, pgauto_mv.smoothed(3, null)::float8 as none, pgauto_mv.smoothed(3, 3.2)::float8 as near,
         pgauto_mv.smoothed(3, 100)::float8 as up, pgauto_mv.smoothed(3, 0.1)::float8 as down, pgauto_mv.smoothed(0.001, 0.4)::float8 as small`,
    );
    expect(rows).toEqual([{ first: 3, none: 3, near: 3, up: 6, down: 1.5, small: 0.4 }]);
  });
});
