import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const db = useDatabase();

/** Times in ms since the epoch, durations in ms, as the database gets them. */
interface Case {
  readonly first: number;
  readonly last: number;
  readonly done: number | null;
  readonly lag: number;
  readonly maxWait: number;
  readonly cooldown: number;
}

async function dueAt(cases: readonly Case[]): Promise<number[]> {
  const column = (name: keyof Case) => cases.map((c) => c[name]);
  const rows = await db.query<{ due: number }>(
    `select extract(epoch from pgrelay.due_at('epoch'::timestamptz + f::float8 * '1 ms'::interval, 'epoch'::timestamptz + l::float8 * '1 ms'::interval,
       'epoch'::timestamptz + d::float8 * '1 ms'::interval, g::float8 * '1 ms'::interval, m::float8 * '1 ms'::interval, c::float8 * '1 ms'::interval))::float8 * 1000 as due
     from unnest($1::numeric[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[])
       with ordinality x(f, l, d, g, m, c, o) order by o`,
    [column('first'), column('last'), column('done'), column('lag'), column('maxWait'), column('cooldown')],
  );
  return rows.map((row) => Math.round(row.due));
}

/** The rule told as a story: step through time until it may be done. Knows no formula. */
function firstMoment(c: Case, step: number): number {
  for (let now = 0; ; now += step) {
    const changed = now >= c.last; // nothing to do before it was asked for
    const quiet = changed && now - c.last >= c.lag;
    const overdue = c.maxWait > 0 && now - c.first >= c.maxWait;
    const resting = c.done !== null && now - c.done < c.cooldown;
    if ((quiet || overdue) && !resting && now >= c.first) return now;
  }
}

const small = fc.integer({ min: 0, max: 40 });
const smallCase = fc
  .record({ first: small, gap: small, done: fc.option(small), lag: small, maxWait: small, cooldown: small })
  .map(({ first, gap, ...rest }): Case => ({ first, last: first + gap, ...rest }));

test('is the first moment at which a step-by-step simulation would do it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(smallCase, { minLength: 500, maxLength: 500 }), async (cases) => {
      const ms = (c: Case): Case => ({
        first: c.first * 1000,
        last: c.last * 1000,
        done: c.done === null ? null : c.done * 1000,
        lag: c.lag * 1000,
        maxWait: c.maxWait * 1000,
        cooldown: c.cooldown * 1000,
      });
      expect(await dueAt(cases.map(ms))).toEqual(cases.map((c) => firstMoment(ms(c), 1000)));
    }),
    { numRuns: 6 },
  );
});

test('holds its promises for any times, to the millisecond', async () => {
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const length = fc.integer({ min: 0, max: 31_536_000_000 });
  const anyCase = fc
    .record({ first: time, gap: length, done: fc.option(time), lag: length, maxWait: length, cooldown: length })
    .map(({ first, gap, ...rest }): Case => ({ first, last: first + gap, ...rest }));
  await fc.assert(
    fc.asyncProperty(fc.array(anyCase, { minLength: 300, maxLength: 300 }), async (cases) => {
      const later = (c: Case): Case => ({ ...c, last: c.last + 5_000 });
      const [due, afterOneMore] = [await dueAt(cases), await dueAt(cases.map(later))];
      for (const [i, c] of cases.entries()) {
        const at = due[i] ?? Number.NaN;
        if (c.done !== null) expect(at).toBeGreaterThanOrEqual(c.done + c.cooldown); // the cooldown always wins
        const rest = c.done === null ? Number.NEGATIVE_INFINITY : c.done + c.cooldown;
        if (c.maxWait > 0) expect(at).toBeLessThanOrEqual(Math.max(c.first + c.maxWait, rest)); // the ceiling holds
        expect(at).toBeLessThanOrEqual(Math.max(c.last + c.lag, rest)); // nothing is put off without reason
        expect(afterOneMore[i]).toBeGreaterThanOrEqual(at); // another one never hurries it
      }
    }),
    { numRuns: 5 },
  );
});

test('is NULL when nobody has asked; no maximum is NULL or 0', async () => {
  const rows = await db.query(
    "select pgrelay.due_at(null, null, now(), '0', '0', '2 s') as a, pgrelay.due_at(now(), null, null, '0', '0', '2 s') as b",
  );
  expect(rows).toEqual([{ a: null, b: null }]);
  const [most] = await db.query<{ none: boolean }>(
    "select pgrelay.due_at('epoch', 'epoch', null, '9 s', null, '0') = pgrelay.due_at('epoch', 'epoch', null, '9 s', '0', '0') as none",
  );
  expect(most).toEqual({ none: true });
});
