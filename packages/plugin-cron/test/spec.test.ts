import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const database = useDatabase();

/** The first times of a spec, as UTC. */
async function runs(spec: string, after: string, zone = 'UTC', count = 1, start: string | null = null) {
  const rows = await database.query<{ at: string }>(
    `select to_char(planned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at
     from pgrelay_cron.next_runs($1, $2, $3, $4::timestamptz, $5::timestamptz)`,
    [spec, count, zone, after, start],
  );
  return rows.map(({ at }) => at);
}

describe('next_runs', () => {
  test.each([
    ['every 5s', '2026-01-01 00:00:03Z', 'UTC', '2026-01-01 00:00:05'],
    ['30 seconds', '2026-01-01 00:00:31Z', 'UTC', '2026-01-01 00:01:00'],
    ['@daily', '2026-01-01 00:30Z', 'Europe/Berlin', '2026-01-01 23:00:00'],
    ['*/15 * * * *', '2026-01-01 00:15Z', 'UTC', '2026-01-01 00:30:00'],
    ['10 */5 * * * *', '2026-01-01 00:00:10Z', 'UTC', '2026-01-01 00:05:10'],
    ['0 12 $ * *', '2026-02-01 00:00Z', 'UTC', '2026-02-28 12:00:00'],
    ['at 2026-03-01 08:30', '2026-01-01 00:00Z', 'Europe/Berlin', '2026-03-01 07:30:00'],
    ['At 2026-03-01T08:30:15Z', '2026-01-01 00:00Z', 'Europe/Berlin', '2026-03-01 08:30:15'],
    ['at 2026-03-01 08:30:00-05:30', '2026-01-01 00:00Z', 'UTC', '2026-03-01 14:00:00'],
  ])('%s after %s in %s is %s', async (spec, after, zone, at) => {
    expect((await runs(spec, after, zone))[0]).toBe(at);
  });

  test('gives as many as asked for, with the time on the clocks of the zone', async () => {
    expect(
      await database.query(
        `select planned_at = timestamptz '2026-10-24 22:30Z' as at, local_time::text from pgrelay_cron.next_runs('30 0 * * *', 1, 'Europe/Berlin', '2026-10-24 12:00Z')`,
      ),
    ).toEqual([{ at: true, local_time: '2026-10-25 00:30:00' }]);
    expect(await runs('@hourly', '2026-01-01 00:00Z', 'UTC', 3)).toHaveLength(3);
    expect(await runs('at 2026-01-02 00:00Z', '2026-01-01 00:00Z', 'UTC', 3)).toEqual(['2026-01-02 00:00:00']);
    expect(await runs('at 2026-01-02 00:00Z', '2026-01-02 00:00Z')).toEqual([]);
  });

  test('counts intervals from the start, and gives nothing before it', async () => {
    expect(await runs('every 10 minutes', '2026-01-01 00:00Z', 'UTC', 2, '2026-01-01 00:03Z')).toEqual([
      '2026-01-01 00:03:00',
      '2026-01-01 00:13:00',
    ]);
    expect(await runs('@daily', '2026-01-01 12:00Z', 'UTC', 1, '2026-02-01 00:00Z')).toEqual(['2026-02-01 00:00:00']);
  });

  test.each([-1, 1001, null])('p_count %s is PC004', async (count) => {
    const call = database.query("select * from pgrelay_cron.next_runs('@daily', $1)", [count]);
    await expect(call).rejects.toMatchObject({ code: 'PC004' });
  });
});

describe('both changes of the clocks', () => {
  // Berlin: 29 March 2026 02:00 is followed by 03:00, at 01:00 UTC; 25 October 2026 03:00 by 02:00, at 01:00 UTC.
  test('a one-shot time that is skipped fires when the clocks are set forward; one that is repeated the first time', async () => {
    expect(await runs('at 2026-03-29 02:30', '2026-03-01 00:00Z', 'Europe/Berlin')).toEqual(['2026-03-29 01:00:00']);
    expect(await runs('at 2026-10-25 02:30', '2026-10-01 00:00Z', 'Europe/Berlin')).toEqual(['2026-10-25 00:30:00']);
  });

  test('a fixed time of day fires once on each of these days', async () => {
    expect(await runs('30 2 * * *', '2026-03-28 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29 01:00:00',
      '2026-03-30 00:30:00',
    ]);
    expect(await runs('30 2 * * *', '2026-10-24 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-10-25 00:30:00',
      '2026-10-26 01:30:00',
    ]);
  });

  test('every hour, and every interval, goes by elapsed time', async () => {
    for (const after of ['2026-03-29 00:00Z', '2026-10-25 00:00Z']) {
      const [first, second, third] = await runs('0 * * * *', after, 'Europe/Berlin', 3);
      expect([first, second, third]).toEqual([1, 2, 3].map((hour) => `${after.slice(0, 10)} 0${hour}:00:00`));
      expect(await runs('every 1 hour', after, 'Europe/Berlin', 3)).toEqual([first, second, third]);
    }
  });
});

test.each([
  ['60 * * * *', 'the field minute'],
  ['* * * *', 'is no schedule'],
  ['@reboot', 'is no schedule'],
  ['0 seconds', 'an interval is from 1 second'],
  ['at', 'is no schedule'],
  ['at noon', 'is no time that can be read'],
  ['at 2026-02-30 08:00', 'is no time that can be read'],
  ['at 2026-03-01 25:00', 'is no time that can be read'],
  ['at 2026-03-01 08:00+99', 'is no time that can be read'],
  ['at 2026-03-01', 'is no time that can be read'],
  ['0 0 30 2 *', 'never fires'],
  ['', 'is no schedule'],
  [null, 'is no schedule'],
])('%s is PC001: %s', async (spec, message) => {
  await expect(database.query('select * from pgrelay_cron.next_runs($1)', [spec])).rejects.toMatchObject({
    code: 'PC001',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('at 2027-03-01'),
  });
});

test('an unknown time zone is PC001, for a one-shot spec, too', async () => {
  for (const spec of ['@daily', 'at 2027-03-01 08:30']) {
    const call = database.query("select * from pgrelay_cron.next_runs($1, 1, 'Europe/Atlantis')", [spec]);
    await expect(call).rejects.toMatchObject({ code: 'PC001', message: expect.stringContaining('time zone') });
  }
});

test('last_fire is the last time before: nothing is between it and the limit', async () => {
  const specs = fc.constantFrom(
    '*/7 * * * *',
    '30 2 * * *',
    'every 13 seconds',
    '0 0 $ * *',
    '0 9-17/4 * * MON-FRI',
    '* 3 * * * *',
  );
  const cases = fc.sample(
    fc.tuple(specs, fc.constantFrom('UTC', 'Europe/Berlin'), fc.integer({ min: 1, max: 300_000_000 })),
    150,
  );
  const wrong = await database.query(
    `with c as (
       select spec, zone, pgrelay_cron.next_fire(spec, '2024-01-01Z', zone) as known, timestamptz '2025-01-01 00:00:00Z' + span / 10.0 * interval '1 second' as before
       from unnest($1::text[], $2::text[], $3::int[]) u(spec, zone, span)
     ), l as (select c.*, pgrelay_cron.last_fire(spec, known, before, zone, null) as last from c)
     select * from l where not (last < before and pgrelay_cron.next_fire(spec, last, zone) >= before
       and pgrelay_cron.next_fire(spec, last - interval '1 microsecond', zone) = last)`,
    [cases.map(([spec]) => spec), cases.map(([, zone]) => zone), cases.map(([, , span]) => span)],
  );
  expect(wrong).toEqual([]);
});

test('jitter is within its bounds, the same whenever it is asked for, and different for jobs and occurrences', async () => {
  const [row] = await database.query<Record<string, unknown>>(
    `with t as (select j, n, pgrelay_cron.fire_time('job ' || j, '2026-01-01Z'::timestamptz + n * interval '1 hour', '10 minutes') as at
       from generate_series(1, 20) j, generate_series(1, 20) n),
     d as (select t.*, at - ('2026-01-01Z'::timestamptz + n * interval '1 hour') as delay from t)
     select bool_and(delay >= '0' and delay < '10 minutes') as within, count(distinct delay) > 390 as spread,
       bool_and(at = pgrelay_cron.fire_time('job ' || j, '2026-01-01Z'::timestamptz + n * interval '1 hour', '10 minutes')) as same,
       max(delay) - min(delay) > interval '9 minutes' as wide from d`,
  );
  expect(row).toEqual({ within: true, spread: true, same: true, wide: true });
});
