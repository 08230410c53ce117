import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeDue, removeJobs, tick } from './support/jobs.js';

const database = useDatabase();

beforeAll(() => database.query("select pgrelay.register_channel('work')"));
afterEach(async () => {
  await removeJobs(database);
  await database.query('delete from pgrelay.queue');
});

const schedule = (overlap: string) =>
  database.query("select pgrelay_cron.schedule_event('j', '@yearly', 'work', p_overlap => $1, p_missed => 'all')", [
    overlap,
  ]);
const events = async () => (await database.query('select id from pgrelay.events')).length;
/** The run that is under way ends. */
const end = () => database.query('delete from pgrelay.queue');
const again = async () => {
  await makeDue(database, 'j', 1);
  return tick(database);
};

test('allow: runs are beside each other', async () => {
  await schedule('allow');
  await again();
  await again();
  expect(await events()).toBe(2);
});

test('skip: an occurrence is left out and counted while the run before has not ended', async () => {
  await schedule('skip');
  await again();
  await again();
  await again();
  expect(await events()).toBe(1);
  expect(await database.query('select skipped::int from pgrelay_cron.jobs')).toEqual([{ skipped: 2 }]);
  await end();
  await again();
  expect(await events()).toBe(1);
  expect(await database.query('select skipped::int from pgrelay_cron.jobs')).toEqual([{ skipped: 2 }]);
});

test('skip: a run that waits for a retry has not ended', async () => {
  await schedule('skip');
  await again();
  await database.query(
    `with q as (delete from pgrelay.queue returning *)
     insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at) select id, channel_id, priority, node, enqueued_at, now() + interval '1 hour' from q`,
  );
  await again();
  expect(await events()).toBe(1);
  await database.query('delete from pgrelay.delayed');
});

test('queue: for a handler an occurrence waits for the run before, is not missed meanwhile, and none is lost', async () => {
  await database.query("select pgrelay_cron.schedule_event('j', '10 seconds', 'work', p_missed => 'skip')");
  await database.query(
    "update pgrelay_cron.job set next_planned_at = date_bin('10 s', clock_timestamp(), '2020-01-01Z'), next_fire_at = clock_timestamp()",
  );
  await tick(database);
  expect(await events()).toBe(1);
  // Time passes: three more have come, all long past the grace.
  await database.query(
    "update pgrelay_cron.job set next_planned_at = next_planned_at - interval '40 s', next_fire_at = clock_timestamp(), held = true",
  );
  const ms = await tick(database);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThanOrEqual(500);
  expect(await database.query('select held from pgrelay_cron.jobs')).toEqual([{ held: true }]);
  for (let ended = 1; ended <= 3; ended += 1) {
    await end();
    await database.query('update pgrelay_cron.job set next_fire_at = clock_timestamp()');
    await tick(database);
    expect(await events()).toBe(1);
  }
  expect(await database.query('select count(distinct planned_at)::int as n from pgrelay_cron.fire')).toEqual([
    { n: 4 },
  ]);
  expect(await database.query('select * from pgrelay_cron.misses')).toEqual([]);
});

test('queue: the channel of a command runs one at a time by itself; allow makes it parallel', async () => {
  const parallel = async () => (await database.query("select parallel from pgrelay.channels where name = 'cron.c'"))[0];
  await database.query("select pgrelay_cron.schedule('c', '@yearly', 'select 1')");
  expect(await parallel()).toEqual({ parallel: false });
  await database.query("select pgrelay_cron.alter('c', p_overlap => 'allow')");
  expect(await parallel()).toEqual({ parallel: true });
  await database.query("select pgrelay_cron.alter('c', p_missed => 'all')");
  expect(await parallel()).toEqual({ parallel: true });
  await database.query("select pgrelay_cron.alter('c', p_overlap => 'queue', p_timeout => '5 s')");
  expect(await parallel()).toEqual({ parallel: false });
  await makeDue(database, 'c', 1);
  await tick(database);
  await makeDue(database, 'c', 1);
  await tick(database);
  expect(await events()).toBe(2);
});
