import { lane, useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, expect, test } from 'vitest';

const database = useDatabase();

beforeAll(async () => {
  await database.query('create table public.ran (at timestamptz not null default clock_timestamp())');
  await database.query('grant insert on public.ran to pgrelay');
});

afterEach(() => database.query('select pgrelay_cron.unschedule(name) from pgrelay_cron.jobs'));

const insert = 'insert into public.ran default values';
const schedule = (name: string, spec: string, command = insert) =>
  database.query('select pgrelay_cron.schedule($1, $2, $3)', [name, spec, command]);
const tick = () => database.query<{ ms: number | null }>('select pgrelay_cron.tick_v1() as ms');
const waiting = () => database.query('select channel from pgrelay.events order by channel');
const makeDue = (name: string, agoSeconds: number) =>
  database.query(
    `update pgrelay_cron.job set next_fire_at = clock_timestamp() - make_interval(secs => $2) where name = $1`,
    [name, agoSeconds],
  );

test('a job is a SQL channel and fires first one interval from now', async () => {
  await schedule('tidy', 'every 10 minutes');
  expect(await database.query('select kind, state from pgrelay.channels where name = $1', ['cron.tidy'])).toEqual([
    { kind: 'sql', state: 'active' },
  ]);
  const [job] = await database.query<Record<string, unknown>>(
    `select spec, every::text, source, channel, round(extract(epoch from next_fire_at - clock_timestamp()) / 60)::int as minutes
     from pgrelay_cron.jobs`,
  );
  expect(job).toEqual({
    spec: 'every 10 minutes',
    every: '00:10:00',
    source: 'sql',
    channel: 'cron.tidy',
    minutes: 10,
  });
  expect(JSON.stringify(await database.query('select * from pgrelay_cron.jobs'))).not.toContain('insert into');

  const [{ ms } = { ms: 0 }] = await tick();
  expect(ms).toBeGreaterThan(590_000);
  expect(await waiting()).toEqual([]);
});

test('without a job nothing is ever due, so that an idle Processor does not ask without end', async () => {
  expect(await tick()).toEqual([{ ms: null }]);
});

test('what cannot work is refused at the call, and leaves nothing', async () => {
  for (const [code, name, spec, command] of [
    ['PC001', 'a', '* * * * *', insert],
    ['PC004', '', '5 seconds', insert],
    ['PC004', 'a', '5 seconds', null],
    ['PR006', 'a', '5 seconds', 'vacuum'],
    ['42P01', 'a', '5 seconds', 'select from no_such_table'],
  ]) {
    const call = database.query('select pgrelay_cron.schedule($1, $2, $3)', [name, spec, command]);
    await expect(call).rejects.toMatchObject({ code });
  }
  expect(await database.query('select name from pgrelay_cron.jobs')).toEqual([]);
  expect(await database.query("select name from pgrelay.channels where name like 'cron.%'")).toEqual([]);
});

test('a name that belongs to somebody else is refused', async () => {
  await database.query("select pgrelay.register_channel('cron.mine', 'select 1')");
  await expect(schedule('mine', '5 seconds')).rejects.toMatchObject({ code: 'PC003' });
  await database.query("select pgrelay.drop_channel('cron.mine')");
  await expect(database.query("select pgrelay_cron.unschedule('nobody')")).rejects.toMatchObject({ code: 'PC002' });
});

test('scheduling again changes the command and keeps the rhythm; another interval starts a new one', async () => {
  const next = async () =>
    (await database.query<{ next: Date }>('select next_fire_at as next from pgrelay_cron.jobs'))[0]?.next;
  await schedule('tidy', '10 minutes');
  const first = await next();
  await schedule('tidy', 'every 600s', 'select 1');
  expect(await next()).toEqual(first);
  await schedule('tidy', '5 minutes', 'select 1');
  expect((await next())?.getTime()).toBeLessThan((first?.getTime() ?? 0) - 290_000);
});

test('missed occurrences are one event, and the rhythm is kept', async () => {
  await schedule('tidy', '10 seconds');
  await makeDue('tidy', 95);
  const [before] = await database.query<{ at: Date }>('select next_fire_at as at from pgrelay_cron.jobs');
  await tick();
  await tick();
  expect(await waiting()).toEqual([{ channel: 'cron.tidy' }]);
  const [after] = await database.query<{ at: Date; planned: Date }>(
    'select next_fire_at as at, last_planned_at as planned from pgrelay_cron.jobs',
  );
  expect(after?.planned).toEqual(before?.at);
  expect((after?.at.getTime() ?? 0) - (before?.at.getTime() ?? 0)).toBe(100_000);
});

test('two ticks at once send an occurrence once', async () => {
  await schedule('tidy', '10 minutes');
  await schedule('other', '10 minutes');
  await makeDue('tidy', 0);
  const [first, second] = [await database.session('first'), await database.session('second')];
  await first.query('begin');
  await first.query('select pgrelay_cron.tick_v1()');
  await makeDue('other', 0);
  await second.query('select pgrelay_cron.tick_v1()'); // waits for nobody
  expect(await waiting()).toEqual([{ channel: 'cron.other' }]);
  await first.query('commit');
  await second.query('select pgrelay_cron.tick_v1()');
  expect(await waiting()).toEqual([{ channel: 'cron.other' }, { channel: 'cron.tidy' }]);
});

test('a tick that is rolled back sends nothing and loses nothing', async () => {
  await schedule('tidy', '10 minutes');
  await makeDue('tidy', 0);
  const session = await database.session('doomed');
  await session.query('begin');
  await session.query('select pgrelay_cron.tick_v1()');
  await session.query('rollback');
  expect(await waiting()).toEqual([]);
  await tick();
  expect(await waiting()).toEqual([{ channel: 'cron.tidy' }]);
});

test('an occurrence joins the one before while that waits', async () => {
  await schedule('tidy', '1 second');
  for (let i = 0; i < 3; i += 1) {
    await makeDue('tidy', 0);
    await tick();
  }
  expect(await waiting()).toEqual([{ channel: 'cron.tidy' }]);
  expect(await database.query('select job, outcome from pgrelay_cron.runs')).toEqual([{ job: 'tidy', outcome: null }]);
});

test('a job whose channel takes no event is a problem row and holds up no other', async () => {
  await schedule('closed', '10 minutes');
  await schedule('open', '10 minutes');
  await database.query("select pgrelay.disable_channel('cron.closed')");
  await makeDue('closed', 1);
  await makeDue('open', 0);
  await tick();
  expect(await waiting()).toEqual([{ channel: 'cron.open' }]);
  const problems = 'select code, object, evidence, remedy from pgrelay_cron.get_cron_problems()';
  expect(await database.query(problems)).toEqual([
    {
      code: 'cron_not_sent',
      object: 'job closed',
      evidence: expect.stringContaining('PR002'),
      remedy: expect.stringContaining('resume_channel'),
    },
  ]);
  await database.query("select pgrelay.resume_channel('cron.closed')");
  await makeDue('closed', 60);
  expect(await database.query(problems)).toMatchObject([{ code: 'cron_not_sent' }, { code: 'cron_late' }]);
  await tick();
  expect(await database.query(problems)).toEqual([]);
});

test('unscheduling takes what waits with it and leaves no dead letter', async () => {
  await schedule('tidy', '10 minutes');
  await makeDue('tidy', 0);
  await tick();
  await database.query("select pgrelay_cron.unschedule('tidy')");
  expect(await waiting()).toEqual([]);
  expect(await database.query('select * from pgrelay.failed')).toEqual([]);
  expect(await database.query("select name from pgrelay.channels where name = 'cron.tidy'")).toEqual([]);
});

test('viewers look, admins schedule, Processors tick, and nobody else does anything', async () => {
  const may = async (role: string, call: string) => {
    const session = await database.session(`as ${role}`);
    await session.query('begin');
    await session.query(`set local role ${role}`);
    const allowed = await session.query(call).then(
      () => true,
      (error) => (error.code === '42501' ? false : Promise.reject(error)),
    );
    await session.query('rollback');
    return allowed;
  };
  const calls: Record<string, string[]> = {
    'select * from pgrelay_cron.jobs, pgrelay_cron.runs': ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
    'select * from pgrelay_cron.get_cron_problems()': ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
    "select pgrelay_cron.schedule('x', '5 seconds', 'select 1')": ['pgrelay_admin'],
    'select pgrelay_cron.tick_v1()': ['pgrelay_processor'],
    "select pgrelay_cron.forget_v1('1 day')": ['pgrelay_processor'],
    "select pgrelay_cron.declare_jobs_v1('{}', '{}', '{}', '{}')": ['pgrelay_processor'],
    'select * from pgrelay_cron.fire': [],
    'select * from pgrelay_cron.job': ['pgrelay_admin'],
  };
  const roles = ['pgrelay', 'pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'];
  if (lane() === 'nosuperuser') for (const role of roles) await database.query(`grant ${role} to current_user`);
  for (const [call, allowed] of Object.entries(calls)) {
    for (const role of roles) expect([call, role, await may(role, call)]).toEqual([call, role, allowed.includes(role)]);
  }
});
