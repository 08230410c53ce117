import { useDatabase } from '@pgrelay/test-support';
import { Cron } from 'croner';
import { describe, expect, test } from 'vitest';
import { vixieTimes } from './support/vixie-times.js';

const database = useDatabase();
const after = Date.UTC(2026, 0, 15, 9, 58, 30); // a Thursday

async function ours(spec: string, count: number): Promise<string[]> {
  const rows = await database.query<{ at: Date }>(
    "select planned_at as at from pgrelay_cron.next_runs($1, $2, 'GMT', to_timestamp($3::float8 / 1000))",
    [spec, count, after],
  );
  return rows.map(({ at }) => at.toISOString().slice(0, 19));
}

// Every schedule in pg_cron's README and in its own tests, with the times worked out by hand from a calendar.
describe('a schedule of pg_cron’s documentation fires at the same times', () => {
  test.each([
    ['30 3 * * 6', ['2026-01-17T03:30:00', '2026-01-24T03:30:00', '2026-01-31T03:30:00', '2026-02-07T03:30:00']],
    ['0 10 * * *', ['2026-01-15T10:00:00', '2026-01-16T10:00:00', '2026-01-17T10:00:00']],
    ['0 3 * * *', ['2026-01-16T03:00:00', '2026-01-17T03:00:00', '2026-01-18T03:00:00']],
    ['0 4 * * 0', ['2026-01-18T04:00:00', '2026-01-25T04:00:00', '2026-02-01T04:00:00']],
    ['5 seconds', ['2026-01-15T09:58:35', '2026-01-15T09:58:40', '2026-01-15T09:58:45']],
    ['0 12 $ * *', ['2026-01-31T12:00:00', '2026-02-28T12:00:00', '2026-03-31T12:00:00', '2026-04-30T12:00:00']],
    ['0 12 * * *', ['2026-01-15T12:00:00', '2026-01-16T12:00:00']],
    ['0 11 * * *', ['2026-01-15T11:00:00', '2026-01-16T11:00:00']],
    ['5 4 * * *', ['2026-01-16T04:05:00', '2026-01-17T04:05:00']],
    ['* * * * *', ['2026-01-15T09:59:00', '2026-01-15T10:00:00', '2026-01-15T10:01:00']],
    ['0 0 * * 7', ['2026-01-18T00:00:00', '2026-01-25T00:00:00']],
    ['0 0 * * SUN', ['2026-01-18T00:00:00', '2026-01-25T00:00:00']],
  ])('%s', async (spec, times) => {
    expect(await ours(spec, times.length)).toEqual(times);
  });

  test.each([1, 2, 10, 30, 59])('%i seconds: so far apart', async (seconds) => {
    for (const unit of seconds === 1 ? ['second', 'seconds'] : ['seconds']) {
      const times = (await ours(`${seconds} ${unit}`, 4)).map((at) => Date.parse(`${at}Z`));
      expect(times.slice(1).map((at, index) => at - (times[index] ?? 0))).toEqual(
        [1, 1, 1].map((n) => n * seconds * 1000),
      );
    }
  });
});

// The syntax that pg_cron has from cron, "the same options are supported", against a walk over all minutes by the rules of crontab(5).
const syntax = [
  '*/15 * * * *',
  '0 */6 * * *',
  '0-30/10 8-18 * * *',
  '1,2,30-35 * * * *',
  '0 0 1 * *',
  '0 0 1,15 * *',
  '0 0 1,15 * 5',
  '0 0 13 * FRI',
  '0 0 */2 * 1',
  '0 0 10-20 * */3',
  '0 0 * * 1-5',
  '0 9 * * mon-fri',
  '0 0 1 1 *',
  '0 0 1 JAN,jul *',
  '0 22 * * 5-7',
  '0 0 29 2 *',
  '59 23 31 12 *',
  '0 12 $ 2 *',
  '0 12 $ * 1',
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
];

describe('the syntax of cron', () => {
  test.each(syntax)('%s', async (spec) => {
    const expected = vixieTimes(spec, after, 12);
    expect(expected.length).toBeGreaterThan(1);
    expect(await ours(spec, expected.length)).toEqual(expected);
  });

  // croner has no $, and reads a step over all days as a restriction, which cron does not.
  test.each(syntax.filter((spec) => !/\$|\*\/\d+ \* \d|\d \* \*\//.test(spec)))(
    '%s, as croner sees it',
    async (spec) => {
      const croner = new Cron(spec, { timezone: 'UTC', paused: true }).nextRuns(12, new Date(after));
      expect(await ours(spec, croner.length)).toEqual(croner.map((at) => at.toISOString().slice(0, 19)));
    },
  );
});

test.each([
  '@reboot',
  '@restart',
  '@restar',
  'a'.repeat(1000),
  '1 minute x',
  '0 seconds',
  '60 * * * *',
  '* * * * MONDAY',
])('%s, which pg_cron refuses or runs at its start, is refused', async (spec) => {
  await expect(ours(spec, 1)).rejects.toMatchObject({ code: 'PC001' });
});
