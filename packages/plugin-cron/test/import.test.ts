import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { removeJobs } from './support/jobs.js';
import { pgCronTable } from './support/pg-cron-table.js';

const database = useDatabase();

beforeAll(async () => {
  await database.query(pgCronTable);
  await database.query(
    'create table public.events (event_time timestamptz); grant select, delete on public.events to pgrelay',
  );
  await database.query('create procedure public.process_updates() language plpgsql as $$ begin commit; end $$');
  await database.query('grant execute on procedure public.process_updates() to pgrelay');
  await database.query(
    `insert into cron.job (schedule, command, jobname, active, database, username) values
       ('30 3 * * 6', $$DELETE FROM events WHERE event_time < now() - interval '1 week'$$, null, true, current_database(), current_user),
       ('0 3 * * *', 'VACUUM', 'nightly-vacuum', true, current_database(), current_user),
       ('5 seconds', 'CALL process_updates()', 'process-updates', false, current_database(), 'marco'),
       ('0 12 $ * *', 'select 1', 'same', true, current_database(), 'ann'),
       ('0 13 * * *', 'select 2', 'same', true, current_database(), 'bob'),
       ('0 4 * * 0', 'VACUUM', 'weekly-vacuum', true, 'some_other_database', current_user),
       ('@reboot', 'select 1', 'at-start', true, current_database(), current_user),
       ('0 5 * * *', 'select from gone', 'broken', true, current_database(), current_user)`,
  );
});

afterEach(() => removeJobs(database));

interface Row {
  readonly name: string;
  readonly action: string;
  readonly note: string;
  readonly call: string;
}
const importJobs = (args = '') =>
  database.query<Row>(`select name, action, note, call from pgrelay_cron.import_pg_cron(${args}) order by jobid`);
const jobs = () =>
  database.query(
    'select j.name, j.spec, j.state, j.missed, j.overlap, j.grace::text, j.timezone, c.kind, c.statement_timeout::text as timeout from pgrelay_cron.jobs j join pgrelay.channels c on c.name = j.channel order by 1',
  );

const common = { missed: 'skip', overlap: 'queue', grace: '00:01:00', timezone: 'GMT', timeout: '1 day' };
const imported = [
  { name: 'nightly-vacuum', spec: '0 3 * * *', state: 'active', kind: 'toplevel', ...common },
  { name: 'pg_cron 1', spec: '30 3 * * 6', state: 'active', kind: 'sql', ...common },
  { name: 'process-updates', spec: '5 seconds', state: 'paused', kind: 'toplevel', ...common },
  { name: 'same (ann)', spec: '0 12 $ * *', state: 'active', kind: 'sql', ...common },
  { name: 'same (bob)', spec: '0 13 * * *', state: 'active', kind: 'sql', ...common },
];

test('prints what it would do, and does nothing', async () => {
  const rows = await importJobs();
  expect(rows.map(({ name, action }) => [name, action])).toEqual([
    ['pg_cron 1', 'create'],
    ['nightly-vacuum', 'create'],
    ['process-updates', 'create'],
    ['same (ann)', 'create'],
    ['same (bob)', 'create'],
    ['weekly-vacuum', 'other_database'],
    ['at-start', 'refused'],
    ['broken', 'create'],
  ]);
  expect(rows[2]?.note).toMatch(/not active.*ran as marco/);
  expect(rows[5]?.note).toContain('some_other_database');
  expect(await jobs()).toEqual([]);
});

test('what it prints makes the same jobs as applying does', async () => {
  for (const { name, action, call } of await importJobs())
    if (action === 'create' && name !== 'broken') await database.query(call);
  expect(await jobs()).toEqual(imported);
  await removeJobs(database);
  const rows = await importJobs("'cron.job', true");
  expect(await jobs()).toEqual(imported);
  expect(rows.find(({ name }) => name === 'broken')).toMatchObject({
    action: 'refused',
    note: expect.stringContaining('42P01'),
  });
});

test('a job that is here already is left alone', async () => {
  await importJobs("'cron.job', true");
  await database.query("select pgrelay_cron.alter('nightly-vacuum', p_spec => '0 2 * * *')");
  const again = await importJobs("'cron.job', true");
  expect(again.slice(0, 5).map(({ action }) => action)).toEqual(['exists', 'exists', 'exists', 'exists', 'exists']);
  expect(await database.query("select spec from pgrelay_cron.jobs where name = 'nightly-vacuum'")).toEqual([
    { spec: '0 2 * * *' },
  ]);
});

test('goes by the time zone of the server that pg_cron runs on', async () => {
  await database.query("set cron.timezone = 'Europe/Berlin'");
  expect((await importJobs())[0]?.call).toContain("p_timezone => 'Europe/Berlin'");
  await database.query('reset cron.timezone');
  expect((await importJobs("p_timezone => 'UTC'"))[0]?.call).toContain("p_timezone => 'UTC'");
});

test('reads the table of an old release and a copy of it', async () => {
  await database.query(
    'create table public.old_jobs as select jobid, schedule, command, database, username from cron.job where jobid < 3',
  );
  expect((await importJobs("'public.old_jobs'")).map(({ name, action }) => [name, action])).toEqual([
    ['pg_cron 1', 'create'],
    ['pg_cron 2', 'create'],
  ]);
});

test('what is no such table is refused', async () => {
  await expect(importJobs("'public.events'")).rejects.toMatchObject({ code: 'PC006' });
  await expect(importJobs('null')).rejects.toMatchObject({ code: 'PC006' });
});
