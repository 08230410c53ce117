import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';

const db = useDatabase();

/** The first times after `after` at which a schedule fires, as UTC. */
async function fires(spec: string, after: string, zone = 'UTC', count = 1): Promise<(string | null)[]> {
  const rows = await db.query<{ at: string | null }>(
    `with recursive fire (n, at) as (
       select 1, pgrelay.next_fire($1, $2::timestamptz, $3)
       union all
       select n + 1, pgrelay.next_fire($1, at, $3) from fire where n < $4 and at is not null)
     select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at from fire order by n`,
    [spec, after, zone, count],
  );
  return rows.map((row) => row.at);
}

describe('a cron text', () => {
  test.each([
    ['*/15 * * * *', '2026-01-01 00:00Z', '2026-01-01 00:15:00'],
    ['* * * * *', '2026-01-01 00:00:59.5Z', '2026-01-01 00:01:00'],
    ['*/10 * * * * *', '2026-01-01 00:00:00Z', '2026-01-01 00:00:10'],
    ['30 2 * * *', '2026-01-01 02:30Z', '2026-01-02 02:30:00'],
    ['30 2 * * *', '2026-01-01 02:29:59.999Z', '2026-01-01 02:30:00'],
    ['0 9-17/4 * * MON-FRI', '2026-01-02 14:00Z', '2026-01-02 17:00:00'],
    ['0 9-17/4 * * mon-fri', '2026-01-02 17:00Z', '2026-01-05 09:00:00'],
    ['0 0 * * FRI-SUN', '2026-01-05 00:00Z', '2026-01-09 00:00:00'],
    ['0 0 * * 7', '2026-01-05 00:00Z', '2026-01-11 00:00:00'],
    ['0 0 1 jan,Jul *', '2026-01-02 00:00Z', '2026-07-01 00:00:00'],
    ['5/20 * * * *', '2026-01-01 00:25Z', '2026-01-01 00:45:00'],
    ['0 0 L * *', '2028-02-01 00:00Z', '2028-02-29 00:00:00'],
    ['0 0 $ * *', '2026-02-01 00:00Z', '2026-02-28 00:00:00'],
    ['0 0 15,L * *', '2026-02-15 00:00Z', '2026-02-28 00:00:00'],
    ['0 12 ? * TUE', '2026-01-01 00:00Z', '2026-01-06 12:00:00'],
    ['0 12 13 * ?', '2026-01-01 00:00Z', '2026-01-13 12:00:00'],
    ['0 0 29 2 *', '2096-03-01 00:00Z', '2104-02-29 00:00:00'],
    ['59 59 23 31 12 *', '2026-12-31 23:59:59Z', '2027-12-31 23:59:59'],
    ['  @hourly ', '2026-01-01 00:30Z', '2026-01-01 01:00:00'],
    ['@Daily', '2026-01-01 00:30Z', '2026-01-02 00:00:00'],
    ['@midnight', '2026-01-01 00:30Z', '2026-01-02 00:00:00'],
    ['@weekly', '2026-01-01 00:30Z', '2026-01-04 00:00:00'],
    ['@monthly', '2026-01-01 00:30Z', '2026-02-01 00:00:00'],
    ['@yearly', '2026-01-01 00:30Z', '2027-01-01 00:00:00'],
    ['@annually', '2026-01-01 00:30Z', '2027-01-01 00:00:00'],
  ])('%s after %s is %s', async (spec, after, at) => {
    expect(await fires(spec, after)).toEqual([at]);
  });

  test('fires on a day that fits the month or the week when both are restricted, and on both when one is *', async () => {
    expect(await fires('0 0 13 * FRI', '2026-01-01 00:00Z', 'UTC', 4)).toEqual([
      '2026-01-02 00:00:00',
      '2026-01-09 00:00:00',
      '2026-01-13 00:00:00',
      '2026-01-16 00:00:00',
    ]);
    expect(await fires('0 0 * * FRI', '2026-01-01 00:00Z', 'UTC', 2)).toEqual([
      '2026-01-02 00:00:00',
      '2026-01-09 00:00:00',
    ]);
    // A field that begins with * restricts nothing by itself, as in cron: on odd days that are a Monday.
    expect(await fires('0 0 */2 * MON', '2026-01-01 00:00Z', 'UTC', 2)).toEqual([
      '2026-01-05 00:00:00',
      '2026-01-19 00:00:00',
    ]);
    expect(await fires('0 0 13 * */2', '2026-01-01 00:00Z', 'UTC', 2)).toEqual([
      '2026-01-13 00:00:00',
      '2026-06-13 00:00:00',
    ]);
  });

  test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 0 31 FEB ?'])('%s never fires: NULL', async (spec) => {
    expect(await fires(spec, '2026-01-01 00:00Z')).toEqual([null]);
  });

  test('has no time after infinity, after NULL, or in no zone', async () => {
    expect(
      await db.query(
        "select pgrelay.next_fire('@daily', 'infinity') as a, pgrelay.next_fire('@daily', null) as b, pgrelay.next_fire('@daily', now(), null) as c",
      ),
    ).toEqual([{ a: null, b: null, c: null }]);
  });
});

describe('where clocks are changed', () => {
  test('a time that is skipped fires once, when the clocks are set forward', async () => {
    // Berlin, 29 March 2026: 02:00 is followed by 03:00, at 01:00 UTC
    expect(await fires('30 2 * * *', '2026-03-28 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29 01:00:00',
      '2026-03-30 00:30:00',
    ]);
    expect(await fires('*/10 2 * * *', '2026-03-28 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29 01:00:00',
      '2026-03-30 00:00:00',
    ]);
    // the same moment is a time of the schedule itself: still once
    expect(await fires('0,30 2,3 * * *', '2026-03-28 12:00Z', 'Europe/Berlin', 3)).toEqual([
      '2026-03-29 01:00:00',
      '2026-03-29 01:30:00',
      '2026-03-30 00:00:00',
    ]);
  });

  test('a day that is skipped fires once as well', async () => {
    // Samoa went from 29 to 31 December 2011
    expect(await fires('0 12 30 12 *', '2011-12-01 00:00Z', 'Pacific/Apia', 2)).toEqual([
      '2011-12-30 10:00:00',
      '2012-12-29 22:00:00',
    ]);
  });

  test('a time that is repeated fires the first time only', async () => {
    // Berlin, 25 October 2026: 03:00 is followed by 02:00, at 01:00 UTC
    expect(await fires('30 2 * * *', '2026-10-24 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-10-25 00:30:00',
      '2026-10-26 01:30:00',
    ]);
    expect(await fires('0,30 2-3 * * *', '2026-10-24 12:00Z', 'Europe/Berlin', 4)).toEqual([
      '2026-10-25 00:00:00',
      '2026-10-25 00:30:00',
      '2026-10-25 02:00:00',
      '2026-10-25 02:30:00',
    ]);
    expect(await fires('30 2 * * *', '2026-10-25 01:10Z', 'Europe/Berlin')).toEqual(['2026-10-26 01:30:00']);
  });

  test('with * for the hour it goes by elapsed time: nothing for what is skipped, twice for what is repeated', async () => {
    expect(await fires('30 * * * *', '2026-03-29 00:00Z', 'Europe/Berlin', 3)).toEqual([
      '2026-03-29 00:30:00',
      '2026-03-29 01:30:00',
      '2026-03-29 02:30:00',
    ]);
    expect(await fires('30 * * * *', '2026-10-25 00:00Z', 'Europe/Berlin', 3)).toEqual([
      '2026-10-25 00:30:00',
      '2026-10-25 01:30:00',
      '2026-10-25 02:30:00',
    ]);
    // from the last time of the first pass to the first of the second, on a schedule that has nothing between
    expect(await fires('10 * * * *', '2026-10-25 00:40Z', 'Europe/Berlin')).toEqual(['2026-10-25 01:10:00']);
    expect(await fires('10 */2 * * *', '2026-10-24 23:40Z', 'Europe/Berlin', 3)).toEqual([
      '2026-10-25 00:10:00',
      '2026-10-25 01:10:00',
      '2026-10-25 03:10:00',
    ]);
  });

  test('by half an hour, too', async () => {
    // Lord Howe, 4 October 2026: 02:00 is followed by 02:30, at 15:30 UTC; 5 April 2026: 02:00 by 01:30, at 15:00 UTC
    expect(await fires('15 2 * * *', '2026-10-03 12:00Z', 'Australia/Lord_Howe')).toEqual(['2026-10-03 15:30:00']);
    expect(await fires('45 1 * * *', '2026-04-04 12:00Z', 'Australia/Lord_Howe', 2)).toEqual([
      '2026-04-04 14:45:00',
      '2026-04-05 15:15:00',
    ]);
    expect(await fires('45 * * * *', '2026-04-04 14:00Z', 'Australia/Lord_Howe', 3)).toEqual([
      '2026-04-04 14:45:00',
      '2026-04-04 15:15:00',
      '2026-04-04 16:15:00',
    ]);
  });
});

describe('an interval', () => {
  test.each([
    ['every 5s', '2026-01-01 00:00:03.25Z', '2026-01-01 00:00:05'],
    ['5 seconds', '2026-01-01 00:00:05Z', '2026-01-01 00:00:10'],
    ['Every 10 Minutes', '2026-01-01 00:00Z', '2026-01-01 00:10:00'],
    ['2h', '2026-01-01 01:00Z', '2026-01-01 02:00:00'],
    ['1 day', '2026-01-01 01:00Z', '2026-01-02 00:00:00'],
  ])('%s after %s is %s', async (spec, after, at) => {
    expect(await fires(spec, after)).toEqual([at]);
  });

  test('goes by elapsed time, whatever the clocks and the session do', async () => {
    await db.query("set timezone = 'Europe/Berlin'");
    expect(await fires('every 1 day', '2026-03-28 12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29 00:00:00',
      '2026-03-30 00:00:00',
    ]);
    await db.query('reset timezone');
  });

  test('can begin elsewhere', async () => {
    expect(
      await db.query(
        `select pgrelay.next_fire('every 10 minutes', timestamptz '2026-01-01 00:10Z', 'UTC', timestamptz '2026-01-01 00:03:07.5Z')
           = timestamptz '2026-01-01 00:13:07.5Z' as later,
         pgrelay.next_fire('every 10 minutes', timestamptz '2026-01-01 00:00Z', 'UTC', timestamptz '2026-01-01 00:03Z')
           = timestamptz '2026-01-01 00:03Z' as sooner`,
      ),
    ).toEqual([{ later: true, sooner: true }]);
  });
});

describe('check_schedule refuses, with PR029,', () => {
  test.each([
    ['60 * * * *', "the field minute: '60' is not between 0 and 59"],
    ['61 * * * * *', "the field second: '61' is not between 0 and 59"],
    ['50-60 * * * *', "the field minute: '50-60' is not between 0 and 59"],
    ['* 24 * * *', "the field hour: '24' is not between 0 and 23"],
    ['* * 0 * *', "the field day of month: '0' is not between 1 and 31"],
    ['* * * 13 *', "the field month: '13' is not between 1 and 12"],
    ['* * * * 8', "the field day of week: '8' is not between 0 and 7"],
    ['* * * JANUARY *', "the field month: 'JANUARY' is no number, name, range or step"],
    ['* MON * * *', "the field hour: 'MON' is no number, name, range or step"],
    ['* ? * * *', "the field hour: '?' is no number, name, range or step"],
    ['30-10 * * * *', "the field minute: '30-10' is a range that ends before it begins"],
    ['*/0 * * * *', "the field minute: '*/0' has a step that is not between 1 and 60"],
    ['*/90 * * * *', "the field minute: '*/90' has a step that is not between 1 and 60"],
    ['1,,2 * * * *', "the field minute: '' is no number, name, range or step"],
    ['* * L-3 * *', "the field day of month: 'L-3' is no number, name, range or step"],
    ['* * L, * *', "the field day of month: '' is no number, name, range or step"],
    ['* * * * MON#2', "the field day of week: 'MON#2' is no number, name, range or step"],
    ['* * * *', 'is no schedule'],
    ['* * * * * * 2026', 'is no schedule'],
    ['@reboot', 'is no schedule'],
    ['soon', 'is no schedule'],
    ['', 'is no schedule'],
    [null, 'is no schedule'],
    ['0 seconds', 'an interval is from 1 second to 366 days long'],
    ['367 days', 'an interval is from 1 second to 366 days long'],
    ['0 0 30 2 *', 'never fires: the field day of month'],
  ])('%s: %s', async (spec, message) => {
    await expect(db.query('select pgrelay.check_schedule($1)', [spec])).rejects.toMatchObject({
      code: 'PR029',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/\w/),
    });
  });

  test('a time zone that the server does not know', async () => {
    for (const zone of ['Europe/Atlantis', '', null]) {
      await expect(db.query("select pgrelay.check_schedule('@daily', $1)", [zone])).rejects.toMatchObject({
        code: 'PR029',
        message: expect.stringContaining('there is no time zone'),
      });
    }
    await db.query("select pgrelay.check_schedule('@daily', 'Europe/Berlin')");
  });
});
