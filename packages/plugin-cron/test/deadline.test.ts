import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeDue, removeJobs, tick } from './support/jobs.js';

const database = useDatabase();

beforeAll(() => database.query("select pgrelay.register_channel('alarm'), pgrelay.register_channel('work')"));
afterEach(async () => {
  await database.query("select pgrelay.resume_channel('alarm')");
  await removeJobs(database);
  await database.query('delete from pgrelay.queue');
  await database.query('delete from pgrelay.log');
});

const schedule = (deadline = '1 minute') =>
  database.query(
    "select pgrelay_cron.schedule_event('j', '@yearly', 'work', p_overlap => 'allow', p_missed => 'all', p_alert_channel => 'alarm', p_deadline => $1)",
    [deadline],
  );

const alarms = async () => {
  const rows = await database.query<{ payload: string }>(
    "select q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where c.name = 'alarm' order by q.id",
  );
  return rows.map(({ payload }) => JSON.parse(payload));
};

/** The run that waits ends so many seconds after its time. */
const end = (outcome: string, afterSeconds: number) =>
  database.query(
    `with q as (delete from pgrelay.queue where id in (select event_id from pgrelay_cron.fire) returning *)
     insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, node, channel, outcome)
     select q.id, q.enqueued_at, f.planned_at, f.planned_at + make_interval(secs => $2), 1, q.node, 'work', $1
     from q join pgrelay_cron.fire f on f.event_id = q.id`,
    [outcome, afterSeconds],
  );
const letDeadlineCome = (seconds: number) =>
  database.query(
    'update pgrelay_cron.fire set due_by = due_by - make_interval(secs => $1), planned_at = planned_at - make_interval(secs => $1), fired_at = fired_at - make_interval(secs => $1)',
    [seconds],
  );

test('a run that is done in time is no alarm', async () => {
  await schedule();
  await makeDue(database, 'j', 0);
  const ms = await tick(database);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThanOrEqual(60_000); // it comes back when the deadline does
  await letDeadlineCome(120);
  await end('done', 30);
  await tick(database);
  expect(await alarms()).toEqual([]);
  expect(await database.query('select * from pgrelay_cron.misses')).toEqual([]);
});

test.each([
  ['waits or hangs', async () => undefined],
  ['failed', () => end('failed', 30)],
  ['was cancelled', () => end('cancelled', 30)],
  ['was done too late', () => end('done', 90)],
])('a run that %s is reported once', async (_what, ending) => {
  await schedule();
  await makeDue(database, 'j', 0);
  await tick(database);
  const [run] = await database.query<{ id: string }>('select event_id::text as id from pgrelay_cron.fire');
  await letDeadlineCome(120);
  await ending();
  await tick(database);
  await tick(database);
  expect(await alarms()).toEqual([
    { job: 'j', problem: 'not_done', plannedAt: expect.any(String), until: expect.any(String), eventId: run?.id },
  ]);
  expect(
    await database.query(
      'select problem, event_id::text as id, alert_event_id is not null as told from pgrelay_cron.misses',
    ),
  ).toEqual([{ problem: 'not_done', id: run?.id, told: true }]);
});

test('two ticks at once report it once', async () => {
  await schedule();
  await makeDue(database, 'j', 0);
  await tick(database);
  await letDeadlineCome(120);
  const [first, second] = [await database.session('first'), await database.session('second')];
  await first.query('begin');
  await first.query('select pgrelay_cron.tick_v1()');
  await second.query('select pgrelay_cron.tick_v1()');
  await first.query('commit');
  await second.query('select pgrelay_cron.tick_v1()');
  expect(await alarms()).toHaveLength(1);
});

test('a report that cannot be sent is a problem row and holds up nothing', async () => {
  await schedule();
  await makeDue(database, 'j', 0);
  await tick(database);
  await letDeadlineCome(120);
  await database.query("select pgrelay.disable_channel('alarm')");
  await makeDue(database, 'j', 0);
  await tick(database);
  expect(await database.query('select count(*)::int as n from pgrelay_cron.fire')).toEqual([{ n: 2 }]);
  expect(
    await database.query(
      "select code, object from pgrelay_cron.get_cron_problems() where code = 'cron_alert_not_sent'",
    ),
  ).toEqual([{ code: 'cron_alert_not_sent', object: 'job j' }]);
});

test('a job that is gone is no alarm', async () => {
  await schedule();
  await makeDue(database, 'j', 0);
  await tick(database);
  await letDeadlineCome(120);
  await database.query("select pgrelay_cron.unschedule('j')");
  await tick(database);
  expect(await alarms()).toEqual([]);
  expect(await tick(database)).toBeNull();
});

test('what is old is forgotten', async () => {
  await schedule();
  await makeDue(database, 'j', 0);
  await tick(database);
  await letDeadlineCome(120);
  await tick(database);
  await database.query("select pgrelay_cron.forget_v1('1 hour')");
  expect(await database.query('select job from pgrelay_cron.misses')).toHaveLength(1);
  await database.query("select pgrelay_cron.forget_v1('0')");
  expect(await database.query('select job from pgrelay_cron.misses')).toEqual([]);
  expect(await database.query('select job from pgrelay_cron.runs')).toEqual([]);
});
