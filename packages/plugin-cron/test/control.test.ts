import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeDue, removeJobs, tick, waiting } from './support/jobs.js';

const database = useDatabase();

beforeAll(() => database.query("select pgrelay.register_channel('work'), pgrelay.register_channel('other')"));
afterEach(async () => {
  await removeJobs(database);
  await database.query('delete from pgrelay.queue');
});

const job = async (columns: string) => (await database.query(`select ${columns} from pgrelay_cron.jobs`))[0];
const alter = (changes: string) => database.query(`select pgrelay_cron.alter('j', ${changes})`);

describe('alter', () => {
  test('changes what is given and leaves the rest, the rhythm included', async () => {
    await database.query(
      "select pgrelay_cron.schedule('j', '10 minutes', 'select 1', p_missed => 'skip', p_timezone => 'Europe/Berlin')",
    );
    await makeDue(database, 'j', -30);
    const next = await job('next_planned_at');
    await alter("p_missed => 'all'");
    expect(await job('missed, timezone, spec, next_planned_at')).toEqual({
      missed: 'all',
      timezone: 'Europe/Berlin',
      spec: '10 minutes',
      ...next,
    });
    await alter("p_spec => '@yearly'");
    expect(await job('next_planned_at')).not.toEqual(next);
  });

  test('changes the command, its mode and its timeout', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1')");
    const channel = async () =>
      (
        await database.query(
          "select kind, statement_timeout::text as timeout from pgrelay.channels where name = 'cron.j'",
        )
      )[0];
    expect(await channel()).toEqual({ kind: 'sql', timeout: '01:00:00' });
    await alter("p_timeout => '5 minutes'");
    expect(await channel()).toEqual({ kind: 'sql', timeout: '00:05:00' });
    await alter("p_command => 'vacuum'");
    expect(await channel()).toEqual({ kind: 'toplevel', timeout: '00:05:00' });
    await alter("p_command => 'select 2', p_mode => 'toplevel'");
    expect(await channel()).toMatchObject({ kind: 'toplevel' });
  });

  test('changes the channel and the payload of an event, and takes start, end and alerts away', async () => {
    await database.query(
      "select pgrelay_cron.schedule_event('j', '@daily', 'work', 'a', p_alert_channel => 'other', p_ends_at => '2100-01-01', p_starts_at => '2099-01-01')",
    );
    expect(await job('deadline::text')).toEqual({ deadline: '01:00:00' });
    await alter(
      "p_channel => 'other', p_payload => 'b', p_alert_channel => '', p_ends_at => 'infinity', p_starts_at => '-infinity'",
    );
    expect(await job('channel, alert_channel, deadline, starts_at, ends_at')).toEqual({
      channel: 'other',
      alert_channel: null,
      deadline: null,
      starts_at: null,
      ends_at: null,
    });
    expect(await database.query('select payload from pgrelay_cron.job')).toEqual([{ payload: 'b' }]);
  });

  test('refuses what does not go with the job', async () => {
    await expect(alter("p_missed => 'all'")).rejects.toMatchObject({ code: 'PC002' });
    await database.query("select pgrelay_cron.schedule_event('j', '@daily', 'work')");
    await expect(alter("p_command => 'select 1'")).rejects.toMatchObject({ code: 'PC004' });
    await expect(alter("p_timeout => '1 s'")).rejects.toMatchObject({ code: 'PC004' });
    await expect(alter("p_spec => 'at 2001-01-01 00:00'")).rejects.toMatchObject({ code: 'PC001' });
    await expect(alter("p_channel => 'nobody'")).rejects.toMatchObject({ code: 'PR001' });
    await removeJobs(database);
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1')");
    await expect(alter("p_payload => 'x'")).rejects.toMatchObject({ code: 'PC004' });
    await expect(alter("p_channel => 'work'")).rejects.toMatchObject({ code: 'PC004' });
  });
});

test('pause and resume', async () => {
  await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1')");
  await database.query("select pgrelay_cron.pause('j'), pgrelay_cron.pause('j')");
  await makeDue(database, 'j', 1);
  expect(await job('state, next_planned_at')).toEqual({ state: 'paused', next_planned_at: null });
  expect(await tick(database)).toBeNull();
  expect(await waiting(database)).toEqual([]);
  await database.query("select pgrelay_cron.resume('j'), pgrelay_cron.resume('j')");
  expect(await job('state, next_planned_at > clock_timestamp() as ahead')).toEqual({ state: 'active', ahead: true });
  for (const call of ['pause', 'resume', 'run_now'])
    await expect(database.query(`select pgrelay_cron.${call}('nobody')`)).rejects.toMatchObject({ code: 'PC002' });
});

describe('run_now', () => {
  test('sends a run beside the schedule, of a paused job, too', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1'), pgrelay_cron.pause('j')");
    const before = await database.query('select next_planned_at from pgrelay_cron.job');
    const [run] = await database.query<{ id: string }>("select pgrelay_cron.run_now('j')::text as id");
    expect(await database.query('select job, manual, event_id::text from pgrelay_cron.runs')).toEqual([
      { job: 'j', manual: true, event_id: run?.id },
    ]);
    expect(await database.query('select next_planned_at from pgrelay_cron.job')).toEqual(before);
  });

  test('is refused while a run has not ended, where the policy keeps two from running at once', async () => {
    for (const [overlap, refused] of [
      ['skip', true],
      ['queue', true],
      ['allow', false],
    ] as const) {
      await database.query("select pgrelay_cron.schedule_event('j', '@daily', 'work', p_overlap => $1)", [overlap]);
      await database.query("select pgrelay_cron.run_now('j')");
      const second = database.query("select pgrelay_cron.run_now('j')");
      if (refused) await expect(second).rejects.toMatchObject({ code: 'PC005' });
      else await second;
      await removeJobs(database);
      await database.query('delete from pgrelay.queue');
    }
  });

  test('says why its channel takes no event', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1'), pgrelay.disable_channel('cron.j')");
    await expect(database.query("select pgrelay_cron.run_now('j')")).rejects.toMatchObject({ code: 'PR002' });
  });
});

describe('a race', () => {
  test('alter waits for a tick that has the job in hand, and a tick passes over a job that is being altered', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1')");
    await makeDue(database, 'j', 1);
    const [ticking, altering] = [await database.session('ticking'), await database.session('altering')];
    await ticking.query('begin');
    await ticking.query('select pgrelay_cron.tick_v1()');
    const altered = altering.start("select pgrelay_cron.alter('j', p_missed => 'all')");
    await altering.untilBlocked();
    await ticking.query('commit');
    await altered;
    expect(await waiting(database)).toEqual(['cron.j']);
    expect(await job('missed, last_planned_at is not null as sent')).toEqual({ missed: 'all', sent: true });

    await makeDue(database, 'j', 1);
    await altering.query('begin');
    await altering.query("select pgrelay_cron.alter('j', p_missed => 'skip')");
    await ticking.query('select pgrelay_cron.tick_v1()'); // waits for nobody
    expect(await waiting(database)).toEqual(['cron.j']);
    await altering.query('commit');
    await tick(database);
    expect(await waiting(database)).toEqual(['cron.j', 'cron.j']);
  });

  test('unschedule waits for a tick that has the job in hand, and takes what it sent', async () => {
    await database.query("select pgrelay_cron.schedule('j', '@daily', 'select 1')");
    await makeDue(database, 'j', 1);
    const [ticking, removing] = [await database.session('ticking'), await database.session('removing')];
    await ticking.query('begin');
    await ticking.query('select pgrelay_cron.tick_v1()');
    const removed = removing.start("select pgrelay_cron.unschedule('j')");
    await removing.untilBlocked();
    await ticking.query('commit');
    await removed;
    expect(await waiting(database)).toEqual([]);
    expect(await database.query('select * from pgrelay.failed')).toEqual([]);
  });
});
