import { type CronJob, describeChange, planJobs, syncJobs } from '@pgrelay/plugin-cron';
import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeDue, removeJobs } from './support/jobs.js';

const database = useDatabase();
let db: pg.Client;

beforeAll(async () => {
  db = await database.connect();
  await database.query("select pgrelay.register_channel('work'), pgrelay.register_channel('alarm')");
});
afterEach(() => removeJobs(database));

const tidy: CronJob = { name: 'tidy', spec: '0 3 * * *', zone: 'Europe/Berlin', channel: 'work', payload: { keep: 3 } };
const beat: CronJob = { name: 'beat', spec: '5s', channel: 'work', missed: 'skip', jitterMs: 1_500 };
const actions = (changes: readonly { job: string; action: string }[]) =>
  changes.map(({ job, action }) => `${action} ${job}`);
const settings = (name: string) =>
  database.query(`select spec, timezone, missed, overlap, jitter::text, state from pgrelay_cron.jobs where name = $1`, [
    name,
  ]);

describe('a plan', () => {
  test('says what would be created, changed and removed, and does nothing', async () => {
    expect(actions(await planJobs(db, [tidy, beat]))).toEqual(['create beat', 'create tidy']);
    expect(await settings('tidy')).toEqual([]);
    expect(actions(await syncJobs(db, [tidy, beat]))).toEqual(['create beat', 'create tidy']);
    expect(actions(await planJobs(db, [tidy, beat]))).toEqual(['none beat', 'none tidy']);
    const plan = await planJobs(db, [{ ...tidy, spec: '0 4 * * *', overlap: 'skip' }]);
    expect(actions(plan)).toEqual(['change tidy', 'remove beat']);
    expect(plan[0]?.changes).toEqual({
      spec: { from: '0 3 * * *', to: '0 4 * * *' },
      overlap: { from: 'queue', to: 'skip' },
    });
    expect(await settings('tidy')).toMatchObject([{ spec: '0 3 * * *', timezone: 'Europe/Berlin', overlap: 'queue' }]);
  });

  test('is told to people in a line each, without payloads', async () => {
    await syncJobs(db, [tidy]);
    await database.query("select pgrelay_cron.pause('tidy')");
    const [change] = await planJobs(db, [{ ...tidy, spec: '0 4 * * *', payload: { keep: 'secret' } }]);
    expect(change && describeChange(change)).toBe(
      'change "tidy": spec: "0 3 * * *" → "0 4 * * *"; payload: … → …; state stays "paused" (changed by an operator)',
    );
  });

  test('refuses what cannot be a job, and one that is somebody else’s', async () => {
    await expect(planJobs(db, [{ ...tidy, spec: '61 * * * *' }])).rejects.toMatchObject({
      code: 'PLUGIN_CRON_SPEC_INVALID',
    });
    await expect(planJobs(db, [{ ...tidy, zone: 'Europe/Atlantis' }])).rejects.toMatchObject({
      code: 'PLUGIN_CRON_SPEC_INVALID',
    });
    await expect(syncJobs(db, [{ ...tidy, jitterMs: 100_000_000 }])).rejects.toMatchObject({
      code: 'PLUGIN_CRON_ARGUMENT_INVALID',
    });
    await expect(syncJobs(db, [{ ...tidy, channel: 'nobody' }])).rejects.toMatchObject({
      code: 'RELAY_CHANNEL_UNKNOWN',
    });
    await expect(planJobs(db, [tidy, tidy])).rejects.toMatchObject({ code: 'PLUGIN_CRON_OPTION_INVALID' });
    await database.query("select pgrelay_cron.schedule_event('tidy', '@daily', 'work')");
    expect(actions(await planJobs(db, [tidy, beat]))).toEqual(['create beat', 'conflict tidy']);
    await expect(syncJobs(db, [tidy, beat])).rejects.toMatchObject({ code: 'PLUGIN_CRON_JOB_TAKEN' });
    expect(await settings('beat')).toEqual([]); // all or nothing
  });
});

describe('a sync', () => {
  test('keeps the rhythm of what is declared as before, and starts a new one where the spec changes', async () => {
    await syncJobs(db, [tidy]);
    const planned = await makeDue(database, 'tidy', -30);
    const next = async () =>
      (await database.query<{ at: Date }>('select next_planned_at as at from pgrelay_cron.job'))[0]?.at;
    await syncJobs(db, [{ ...tidy, payload: 'other' }]);
    expect(await next()).toEqual(planned);
    expect(await database.query('select payload from pgrelay_cron.job')).toEqual([{ payload: '"other"' }]);
    await syncJobs(db, [{ ...tidy, spec: '@yearly' }]);
    expect(await next()).not.toEqual(planned);
  });

  test('a setting that is declared no more has its default again', async () => {
    await syncJobs(db, [beat]);
    expect(await settings('beat')).toMatchObject([{ missed: 'skip', jitter: '00:00:01.5' }]);
    await syncJobs(db, [{ name: 'beat', spec: '5s', channel: 'work' }]);
    expect(await settings('beat')).toMatchObject([{ missed: 'latest', jitter: '00:00:00' }]);
  });

  test('removes what its app declares no more when told to, and nothing of others', async () => {
    await syncJobs(db, [tidy, beat], { app: 'a' });
    await syncJobs(db, [{ ...tidy, name: 'of b' }], { app: 'b' });
    await database.query("select pgrelay_cron.schedule_event('of sql', '@daily', 'work')");
    const names = async () =>
      (await database.query<{ name: string }>('select name from pgrelay_cron.jobs order by 1')).map((row) => row.name);
    expect(actions(await syncJobs(db, [tidy], { app: 'a' }))).toEqual(['none tidy', 'remove beat']);
    expect(await names()).toEqual(['beat', 'of b', 'of sql', 'tidy']);
    await syncJobs(db, [tidy], { app: 'a', remove: true });
    expect(await names()).toEqual(['of b', 'of sql', 'tidy']);
    expect(actions(await planJobs(db, [tidy], { app: 'b' }))).toEqual(['conflict tidy', 'remove of b']);
  });

  test('two at once come one after the other', async () => {
    const [first, second] = [await database.session('first'), await database.session('second')];
    const jobs = JSON.stringify([{ name: 'tidy', spec: '@daily', channel: 'work' }]);
    await first.query('begin');
    await first.query("select * from pgrelay_cron.sync_jobs_v1('a', $1)", [jobs]);
    const other = second.start<{ action: string }>("select action from pgrelay_cron.sync_jobs_v1('a', $1)", [jobs]);
    await second.untilBlocked();
    await first.query('commit');
    expect(await other).toEqual([{ action: 'none' }]);
  });
});

describe('what an operator changed in SQL stays', () => {
  test('a setting, while others follow the code', async () => {
    await syncJobs(db, [tidy]);
    await database.query("select pgrelay_cron.alter('tidy', p_spec => '0 5 * * *')");
    const [change] = await planJobs(db, [{ ...tidy, spec: '0 4 * * *', overlap: 'skip' }]);
    expect(change).toMatchObject({
      action: 'change',
      changes: { overlap: { from: 'queue', to: 'skip' } },
      kept: { spec: { declared: '0 4 * * *', actual: '0 5 * * *' } },
    });
    await syncJobs(db, [{ ...tidy, spec: '0 4 * * *', overlap: 'skip' }]);
    expect(await settings('tidy')).toMatchObject([{ spec: '0 5 * * *', overlap: 'skip' }]);
    expect(await database.query('select altered from pgrelay_cron.jobs')).toEqual([{ altered: ['spec'] }]);
  });

  test('a pause, until it is resumed', async () => {
    await syncJobs(db, [tidy]);
    await database.query("select pgrelay_cron.pause('tidy')");
    expect(await planJobs(db, [tidy])).toMatchObject([
      { action: 'none', kept: { state: { declared: 'active', actual: 'paused' } } },
    ]);
    await syncJobs(db, [{ ...tidy, spec: '@hourly' }]);
    expect(await settings('tidy')).toMatchObject([{ spec: '@hourly', state: 'paused' }]);
    await database.query("select pgrelay_cron.resume('tidy')");
    expect((await planJobs(db, [{ ...tidy, spec: '@hourly' }]))[0]?.kept).toEqual({});
  });

  test('that it was unscheduled, until it is resumed or its code is gone', async () => {
    await syncJobs(db, [tidy]);
    await database.query("select pgrelay_cron.unschedule('tidy')");
    await expect(database.query("select pgrelay_cron.unschedule('tidy')")).rejects.toMatchObject({ code: 'PC002' });
    await syncJobs(db, [tidy]);
    expect(await settings('tidy')).toMatchObject([{ state: 'unscheduled' }]);
    await database.query("select pgrelay_cron.resume('tidy')");
    expect(await settings('tidy')).toMatchObject([{ state: 'active' }]);
    await syncJobs(db, [], { remove: true });
    expect(await settings('tidy')).toEqual([]);
  });
});

test('Processors of the release before declare theirs as before', async () => {
  const declare = () => db.query("select pgrelay_cron.declare_jobs_v1('{a}', '{5s}', '{work}', '{1}')");
  await declare();
  await declare();
  expect(await database.query('select name, source, app from pgrelay_cron.jobs')).toEqual([
    { name: 'a', source: 'code', app: 'default' },
  ]);
});
