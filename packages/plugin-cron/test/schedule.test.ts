import { lane, useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeDue, removeJobs, tick, waiting } from './support/jobs.js';

const database = useDatabase();

beforeAll(async () => {
  await database.query('create table public.ran (at timestamptz not null default clock_timestamp())');
  await database.query('grant insert on public.ran to pgrelay');
});

afterEach(() => removeJobs(database));

const insert = 'insert into public.ran default values';
const schedule = (name: string, spec: string, command: string | null = insert) =>
  database.query('select pgrelay_cron.schedule($1, $2, $3)', [name, spec, command]);

test('a job is a SQL channel and fires at the whole multiples of its interval', async () => {
  await schedule('tidy', 'every 10 minutes');
  expect(await database.query('select kind, state from pgrelay.channels where name = $1', ['cron.tidy'])).toEqual([
    { kind: 'sql', state: 'active' },
  ]);
  expect(
    await database.query(
      `select spec, source, kind, state, channel, next_planned_at = next_fire_at as exact,
         next_planned_at > clock_timestamp() and next_planned_at <= clock_timestamp() + interval '10 minutes' as soon,
         mod(extract(epoch from next_planned_at), 600)::int as off from pgrelay_cron.jobs`,
    ),
  ).toEqual([
    {
      spec: 'every 10 minutes',
      source: 'sql',
      kind: 'command',
      state: 'active',
      channel: 'cron.tidy',
      exact: true,
      soon: true,
      off: 0,
    },
  ]);
  expect(JSON.stringify(await database.query('select * from pgrelay_cron.jobs'))).not.toContain('insert into');

  const ms = await tick(database);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThanOrEqual(600_000);
  expect(await waiting(database)).toEqual([]);
});

test('without a job nothing is ever due, so that an idle Processor does not ask without end', async () => {
  expect(await tick(database)).toBeNull();
});

test('what cannot work is refused at the call, and leaves nothing', async () => {
  for (const [code, name, spec, command] of [
    ['PC001', 'a', '61 * * * *', insert],
    ['PC001', 'a', 'at 2001-01-01 00:00', insert],
    ['PC004', '', '5 seconds', insert],
    ['PC004', 'x'.repeat(196), '5 seconds', insert],
    ['PC004', 'a', '5 seconds', null],
    ['PR006', 'a', '5 seconds', 'commit'],
    ['PR006', 'a', '5 seconds', 'select 1; vacuum'],
    ['42P01', 'a', '5 seconds', 'select from no_such_table'],
  ] as const) {
    await expect(schedule(name, spec, command)).rejects.toMatchObject({ code });
  }
  for (const [code, option] of [
    ['PC001', "p_timezone => 'Europe/Atlantis'"],
    ['PC004', "p_missed => 'some'"],
    ['PC004', "p_overlap => 'never'"],
    ['PC004', "p_jitter => '2 days'"],
    ['PC004', "p_grace => '-1 second'"],
    ['PC004', "p_mode => 'leased'"],
    ['PC004', "p_starts_at => '2027-02-01', p_ends_at => '2027-01-01'"],
    ['PC001', "p_ends_at => '2001-01-01'"],
    ['PC004', "p_alert_channel => 'cron.a', p_deadline => '0'"],
    ['PR001', "p_alert_channel => 'nobody'"],
    ['PR004', "p_timeout => '25 days'"],
  ]) {
    const call = database.query(`select pgrelay_cron.schedule('a', '5 seconds', 'select 1', ${option})`);
    await expect(call, option).rejects.toMatchObject({ code });
  }
  expect(await database.query('select name from pgrelay_cron.jobs')).toEqual([]);
  expect(await database.query("select name from pgrelay.channels where name like 'cron.%'")).toEqual([]);
});

test('a name that belongs to somebody else is refused', async () => {
  await database.query("select pgrelay.register_channel('cron.mine', 'select 1')");
  await expect(schedule('mine', '5 seconds')).rejects.toMatchObject({ code: 'PC003' });
  await database.query("select pgrelay_cron.schedule_event('other', '5 seconds', 'cron.mine')");
  await schedule('taken', '5 seconds');
  const event = database.query("select pgrelay_cron.schedule_event('taken', '5 seconds', 'cron.mine')");
  await expect(event).rejects.toMatchObject({ code: 'PC003' });
  await removeJobs(database);
  await database.query("select pgrelay.drop_channel('cron.mine')");
  await expect(database.query("select pgrelay_cron.unschedule('nobody')")).rejects.toMatchObject({ code: 'PC002' });
});

test('scheduling again changes the command and keeps the rhythm; another spec starts a new one', async () => {
  const next = async () =>
    (await database.query<{ next: Date }>('select next_planned_at as next from pgrelay_cron.jobs'))[0]?.next;
  await schedule('tidy', '10 minutes');
  await makeDue(database, 'tidy', 5);
  const first = await next();
  await schedule('tidy', '10 minutes', 'select 1');
  expect(await next()).toEqual(first);
  await schedule('tidy', '5 minutes', 'select 1');
  expect((await next())?.getTime()).toBeGreaterThan(first?.getTime() ?? 0);
});

test('an event goes to the channel with its payload, and a command gets the time of its occurrence', async () => {
  await database.query("select pgrelay.register_channel('mail')");
  await database.query("select pgrelay_cron.schedule_event('digest', '@daily', 'mail', '{\"to\": 1}')");
  await schedule('tidy', '@daily');
  const [planned] = [await makeDue(database, 'tidy', 1), await makeDue(database, 'digest', 1)];
  await tick(database);
  const rows = await database.query<{ channel: string; payload: string }>(
    'select c.name as channel, q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id order by 1',
  );
  expect(rows).toEqual([
    { channel: 'cron.tidy', payload: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) },
    { channel: 'mail', payload: '{"to": 1}' },
  ]);
  expect(new Date(rows[0]?.payload ?? '')).toEqual(planned);
  await database.query("select pgrelay_cron.unschedule('digest')");
  await database.query("select pgrelay.drop_channel('mail', true)");
});

test('two ticks at once send an occurrence once', async () => {
  await schedule('tidy', '10 minutes');
  await schedule('other', '10 minutes');
  await makeDue(database, 'tidy', 0);
  const [first, second] = [await database.session('first'), await database.session('second')];
  await first.query('begin');
  await first.query('select pgrelay_cron.tick_v1()');
  // It waits for nobody, and comes back soon in case the other tick is undone.
  const [{ ms } = { ms: null }] = await second.query<{ ms: number }>('select pgrelay_cron.tick_v1() as ms');
  expect(ms).toBe(50);
  await makeDue(database, 'other', 0);
  await second.query('select pgrelay_cron.tick_v1()');
  expect(await waiting(database)).toEqual(['cron.other']);
  await first.query('commit');
  await second.query('select pgrelay_cron.tick_v1()');
  expect(await waiting(database)).toEqual(['cron.other', 'cron.tidy']);
});

test('a tick that is rolled back sends nothing and loses nothing', async () => {
  await schedule('tidy', '10 minutes');
  await makeDue(database, 'tidy', 0);
  const session = await database.session('doomed');
  await session.query('begin');
  await session.query('select pgrelay_cron.tick_v1()');
  await session.query('rollback');
  expect(await waiting(database)).toEqual([]);
  await tick(database);
  expect(await waiting(database)).toEqual(['cron.tidy']);
});

test('nothing fires before the start or after the end, and a job that is over is finished', async () => {
  await database.query(
    "select pgrelay_cron.schedule('window', '10 minutes', 'select 1', p_starts_at => '2100-01-01 00:03Z', p_ends_at => '2100-01-01 00:10Z')",
  );
  const state = async () =>
    (
      await database.query<Record<string, unknown>>(
        "select state, to_char(next_planned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as next from pgrelay_cron.jobs",
      )
    )[0];
  expect(await state()).toEqual({ state: 'active', next: '2100-01-01 00:03' });
  await makeDue(database, 'window', 1);
  await database.query('update pgrelay_cron.job set ends_at = clock_timestamp(), starts_at = null'); // after this time, before the next
  await tick(database);
  expect(await state()).toEqual({ state: 'finished', next: null });
  expect(await waiting(database)).toEqual(['cron.window']);
  expect(await tick(database)).toBeNull();
});

test('a one-shot job runs once and is finished', async () => {
  await database.query(
    "select pgrelay_cron.schedule('once', 'at ' || to_char(clock_timestamp() at time zone 'UTC' + interval '1 day', 'YYYY-MM-DD HH24:MI:SSZ'), 'select 1')",
  );
  await makeDue(database, 'once', 1);
  await database.query(
    "update pgrelay_cron.job set spec = 'at ' || to_char(next_planned_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.USZ')",
  );
  await tick(database);
  await tick(database);
  expect(await waiting(database)).toEqual(['cron.once']);
  expect(await database.query('select state from pgrelay_cron.jobs')).toEqual([{ state: 'finished' }]);
});

test('a job that cannot be worked with is a problem row and holds up no other', async () => {
  await schedule('broken', '@daily');
  await schedule('open', '@daily');
  await makeDue(database, 'broken', 5);
  await makeDue(database, 'open', 1);
  await database.query("update pgrelay_cron.job set timezone = 'Gone/Zone' where name = 'broken'");
  await tick(database);
  expect(await waiting(database)).toEqual(['cron.open']);
  expect(
    await database.query(
      "select problem, next_fire_at > clock_timestamp() as later from pgrelay_cron.jobs where name = 'broken'",
    ),
  ).toEqual([{ problem: '22023', later: true }]);
});

test('a job whose channel takes no event is a problem row, costs the occurrence, and holds up no other', async () => {
  await schedule('closed', '10 minutes');
  await schedule('open', '10 minutes');
  await database.query("select pgrelay.disable_channel('cron.closed')");
  await makeDue(database, 'closed', 1);
  await makeDue(database, 'open', 0);
  await tick(database);
  expect(await waiting(database)).toEqual(['cron.open']);
  const problems = 'select code, object, evidence, remedy from pgrelay_cron.get_cron_problems()';
  expect(await database.query(problems)).toEqual([
    {
      code: 'cron_not_sent',
      object: 'job closed',
      evidence: expect.stringContaining('PR002'),
      remedy: expect.stringContaining('resume_channel'),
    },
  ]);
  expect(await database.query('select job, problem from pgrelay_cron.misses')).toEqual([
    { job: 'closed', problem: 'not_sent' },
  ]);
  await database.query("select pgrelay.resume_channel('cron.closed')");
  await makeDue(database, 'closed', 60);
  expect(await database.query(problems)).toMatchObject([{ code: 'cron_not_sent' }, { code: 'cron_late' }]);
  await tick(database);
  expect(await database.query(problems)).toEqual([]);
  await database.query("select pgrelay.drop_channel('cron.closed', true)");
  expect(await database.query(problems)).toMatchObject([{ code: 'cron_no_channel', object: 'job closed' }]);
});

test('unscheduling takes what waits with it and leaves no dead letter', async () => {
  await schedule('tidy', '10 minutes');
  await makeDue(database, 'tidy', 0);
  await tick(database);
  expect(await database.query('select job, outcome from pgrelay_cron.runs')).toEqual([
    { job: 'tidy', outcome: 'ready' },
  ]);
  await database.query("select pgrelay_cron.unschedule('tidy')");
  expect(await waiting(database)).toEqual([]);
  expect(await database.query("select * from pgrelay.failed where channel = 'cron.tidy'")).toEqual([]);
  expect(await database.query('select job, outcome from pgrelay_cron.runs')).toEqual([]);
  expect(await database.query("select name from pgrelay.channels where name = 'cron.tidy'")).toEqual([]);
});

test('viewers look, admins schedule, Processors tick, and nobody else does anything', async () => {
  const may = async (role: string, call: string) => {
    const session = await database.session(`as ${role}`);
    await session.query('begin');
    await session.query(`set local role ${role}`);
    const allowed = await session.query(call).then(
      () => true,
      (error) => (error.code === '42501' ? false : error.code === 'PC006' || Promise.reject(error)),
    );
    await session.query('rollback');
    return allowed;
  };
  const looks = ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'];
  const calls: Record<string, string[]> = {
    'select * from pgrelay_cron.jobs, pgrelay_cron.runs, pgrelay_cron.misses': looks,
    'select * from pgrelay_cron.get_cron_problems()': looks,
    "select * from pgrelay_cron.next_runs('every 5s')": looks,
    'select * from pgrelay_cron.preview_missed()': looks,
    "select pgrelay_cron.schedule('x', '5 seconds', 'select 1'), pgrelay_cron.alter('x', p_command => 'vacuum'), pgrelay_cron.alter('x', p_timeout => '1 s')":
      ['pgrelay_admin'],
    "select pgrelay_cron.schedule('x', '5 seconds', 'select 1'), pgrelay_cron.schedule_event('y', '5 seconds', 'cron.x'), pgrelay_cron.pause('x'), pgrelay_cron.resume('x'), pgrelay_cron.run_now('x'), pgrelay_cron.unschedule('x')":
      ['pgrelay_admin'],
    'select * from pgrelay_cron.import_pg_cron()': ['pgrelay_admin'],
    'select pgrelay_cron.tick_v1()': ['pgrelay_processor'],
    "select pgrelay_cron.forget_v1('1 day')": ['pgrelay_processor'],
    "select pgrelay_cron.declare_jobs_v1('{}', '{}', '{}', '{}')": ['pgrelay_processor'],
    "select pgrelay_cron.plan_jobs_v1('a', '[]'), pgrelay_cron.sync_jobs_v1('a', '[]')": ['pgrelay_processor'],
    'select * from pgrelay_cron.fire': [],
    'select * from pgrelay_cron.miss': [],
    'select * from pgrelay_cron.job': ['pgrelay_admin'],
  };
  const roles = ['pgrelay', 'pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'];
  if (lane() === 'nosuperuser') for (const role of roles) await database.query(`grant ${role} to current_user`);
  for (const [call, allowed] of Object.entries(calls)) {
    for (const role of roles) expect([call, role, await may(role, call)]).toEqual([call, role, allowed.includes(role)]);
  }
});
