import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const database = useDatabase();

describe('parse_spec', () => {
  test.each([
    ['5 seconds', 5],
    ['every 5s', 5],
    ['1 second', 1],
    ['  Every 10 Minutes ', 600],
    ['10m', 600],
    ['2 hours', 7_200],
    ['every 1 day', 86_400],
    ['366 days', 31_622_400],
  ])('%s is %i seconds', async (spec, seconds) => {
    const rows = await database.query('select extract(epoch from pgrelay_cron.parse_spec($1))::int as seconds', [spec]);
    expect(rows).toEqual([{ seconds }]);
  });

  test.each([
    '*/5 * * * *',
    '@daily',
    '0 seconds',
    '367 days',
    '1.5 hours',
    '5',
    'every',
    '',
    '-5 seconds',
    '99999999999 s',
    null,
  ])('%s is PC001, and the hint says what is supported', async (spec) => {
    await expect(database.query('select pgrelay_cron.parse_spec($1)', [spec])).rejects.toMatchObject({
      code: 'PC001',
      hint: expect.stringContaining('every 10 minutes'),
    });
  });
});

test('next_fire is the first planned time after now, whole intervals after the last one', async () => {
  const second = fc.integer({ min: -400_000_000, max: 400_000_000 });
  const cases = fc.sample(fc.tuple(second, fc.integer({ min: 1, max: 31_622_400 }), second), 2_000);
  const rows = await database.query(
    `with c as (
       select timestamptz '2026-03-29 00:30+01' + p * interval '1 second' as planned, make_interval(secs => e) as every,
         timestamptz '2026-03-29 00:30+01' + a * interval '1 second' + interval '123456 microseconds' as after
       from unnest($1::int[], $2::int[], $3::int[]) u(p, e, a)
     ), n as (select c.*, pgrelay_cron.next_fire(c.planned, c.every, c.after) as next from c)
     select * from n
     where not (next > after and next - every <= after
       and mod(extract(epoch from next - planned), extract(epoch from every)) = 0)`,
    [cases.map(([p]) => p), cases.map(([, e]) => e), cases.map(([, , a]) => a)],
  );
  expect(rows).toEqual([]);
});
