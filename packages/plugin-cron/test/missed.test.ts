import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { removeJobs, tick, tickOnce } from './support/jobs.js';

const database = useDatabase();

beforeAll(() => database.query("select pgrelay.register_channel('alarm')"));
afterEach(async () => {
  await removeJobs(database);
  await database.query('delete from pgrelay.queue');
});

/** A job of every 10 seconds for which nobody ticked since `agoSeconds` before the last whole 10 seconds. */
async function neglect(policy: string, agoSeconds: number, options = ''): Promise<void> {
  await database.query(
    `select pgrelay_cron.schedule('j', '10 seconds', 'select 1', p_overlap => 'allow', p_missed => $1, p_alert_channel => 'alarm' ${options})`,
    [policy],
  );
  await database.query(
    `update pgrelay_cron.job set next_planned_at = date_bin('10 s', clock_timestamp(), '2020-01-01Z') - make_interval(secs => $1),
       next_fire_at = date_bin('10 s', clock_timestamp(), '2020-01-01Z') - make_interval(secs => $1) `,
    [agoSeconds],
  );
}

/** Which occurrences were sent, as seconds before the last whole 10 seconds when the test began. */
async function sent(): Promise<number[]> {
  const rows = await database.query<{ ago: number }>(
    'select extract(epoch from max(planned_at) over () - planned_at)::int as ago from pgrelay_cron.runs order by planned_at',
  );
  return rows.map(({ ago }) => ago);
}

const preview = () =>
  database.query<{ verdict: string; seconds: number }>(
    'select verdict, extract(epoch from until - planned_at)::int as seconds from pgrelay_cron.preview_missed()',
  );

describe('what nobody sent in time', () => {
  test('skip: only what is within the grace is sent; the rest is one miss', async () => {
    await neglect('skip', 300, ", p_grace => '15 seconds'");
    const seen = await preview();
    expect(seen[0]).toMatchObject({ verdict: 'skip' });
    expect(seen.slice(1).every(({ verdict }) => verdict === 'send')).toBe(true);
    await tick(database);
    const runs = await sent();
    expect([1, 2]).toContain(runs.length); // the last one, and the one before it when that is less than 15 s ago
    expect(runs.length).toBe(seen.length - 1);
    expect(
      await database.query(
        'select problem, extract(epoch from until - planned_at)::int % 10 as off from pgrelay_cron.misses',
      ),
    ).toEqual([{ problem: 'missed', off: 0 }]);
  });

  test('skip: nothing is sent when the next time is far', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@yearly', 'select 1', p_missed => 'skip')");
    await database.query(
      "update pgrelay_cron.job set next_planned_at = date_trunc('year', now() at time zone 'UTC') at time zone 'UTC', next_fire_at = date_trunc('year', now() at time zone 'UTC') at time zone 'UTC'",
    );
    expect(await preview()).toEqual([{ verdict: 'skip', seconds: 0 }]);
    await tick(database);
    expect(await sent()).toEqual([]);
    expect(await database.query('select next_planned_at > clock_timestamp() as ahead from pgrelay_cron.jobs')).toEqual([
      { ahead: true },
    ]);
  });

  test('latest: one is sent for all that were missed, however long ago', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@monthly', 'select 1', p_missed => 'latest')");
    await database.query(
      "update pgrelay_cron.job set next_planned_at = (date_trunc('year', now() at time zone 'UTC') - interval '10 years') at time zone 'UTC', next_fire_at = now() - interval '10 years'",
    );
    expect((await preview()).map(({ verdict }) => verdict)).toEqual(['skip', 'send']);
    await tick(database);
    expect(
      await database.query(
        "select planned_at = date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' as latest from pgrelay_cron.runs",
      ),
    ).toEqual([{ latest: true }]);
    await tick(database);
    expect(await sent()).toEqual([0]);
  });

  test('latest: what is within the grace stands for what was missed', async () => {
    await neglect('latest', 300, ", p_grace => '9 seconds'");
    await tick(database);
    expect(await sent()).toEqual([0]);
  });

  test('all: every one is sent, in parts', async () => {
    await neglect('all', 2_500);
    expect(await tickOnce(database)).toBe(0);
    expect(await sent()).toHaveLength(100);
    await tick(database);
    const runs = await sent();
    expect(runs.length).toBeGreaterThanOrEqual(251);
    expect(runs).toEqual(runs.map((_, index) => (runs.length - 1 - index) * 10));
    expect(await database.query('select * from pgrelay_cron.misses')).toEqual([]);
  });

  test('a late tick within the grace misses nothing', async () => {
    await neglect('skip', 0, ", p_grace => '1 hour'");
    await database.query("update pgrelay_cron.job set next_planned_at = next_planned_at - interval '50 seconds'");
    await tick(database);
    expect((await sent()).slice(0, 6)).toHaveLength(6);
    expect(await database.query('select * from pgrelay_cron.misses')).toEqual([]);
  });

  test('the preview tries another policy, and changes nothing', async () => {
    await neglect('skip', 300, ", p_grace => '0'");
    const count = async (policy: string) =>
      (
        await database.query<{ verdict: string }>("select verdict from pgrelay_cron.preview_missed('j', $1)", [policy])
      ).filter(({ verdict }) => verdict === 'send').length;
    expect(await count('latest')).toBe(1);
    expect(await count('all')).toBeGreaterThanOrEqual(31);
    expect(await database.query("select * from pgrelay_cron.preview_missed('nobody')")).toEqual([]);
    await expect(count('some')).rejects.toMatchObject({ code: 'PC004' });
    expect(await sent()).toEqual([]);
  });
});

test('what fell into a pause is not missed', async () => {
  await neglect('all', 300);
  await database.query("select pgrelay_cron.pause('j')");
  expect(await tick(database)).toBeNull();
  await database.query("select pgrelay_cron.resume('j')");
  await tick(database);
  expect(await sent()).toEqual([]);
  expect(
    await database.query('select state, next_fire_at > clock_timestamp() as ahead from pgrelay_cron.jobs'),
  ).toEqual([{ state: 'active', ahead: true }]);
});

test('what was missed is reported once, with what it was', async () => {
  await neglect('skip', 300, ", p_grace => '5 seconds'");
  await tick(database);
  await tick(database);
  const alarms = await database.query<{ payload: string }>(
    "select q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where c.name = 'alarm'",
  );
  expect(alarms.map(({ payload }) => JSON.parse(payload))).toEqual([
    { job: 'j', problem: 'missed', plannedAt: expect.any(String), until: expect.any(String), eventId: null },
  ]);
});
