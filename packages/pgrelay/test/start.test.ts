import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { Binary, run } from './support/binary.js';

const database = useDatabase();

beforeAll(async () => {
  await database.query(
    'create table public.effect (n text not null, at timestamptz not null default clock_timestamp())',
  );
  await database.query('grant select, insert on public.effect to pgrelay');
});

const register = (channel: string, action: string) =>
  database.query('select pgrelay.register_channel($1, $2)', [channel, action]);
const notify = (channel: string, payload: string) =>
  database.query('select pgrelay.notify($1, $2)', [channel, payload]);
const effects = async () =>
  (await database.query<{ n: string }>('select n from public.effect order by n')).map((row) => row.n);

/** Until an action sleeps in the database, in the middle of its transaction. */
const untilAsleep = () =>
  until(async () => {
    const rows = await database.query(
      "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    );
    return rows.length > 0;
  }, 'the action sleeps');

test('claims, shows problems, drains on SIGTERM and ends with 0', async () => {
  await register('quick', 'insert into public.effect (n) values ($1)');
  await register('slow', 'insert into public.effect (n) select $1 from pg_sleep(2)');
  await notify('quick', 'a');
  const waiting = await run(['problems', '--json'], { databaseUrl: database.url });
  expect(waiting.code).toBe(1);
  expect(JSON.parse(waiting.stdout)).toMatchObject([{ code: 'no_processor', remedy: 'Start one: npx pgrelay start.' }]);

  const binary = new Binary(['start', '--workers', '2'], { databaseUrl: database.url });
  await until(async () => (await effects()).includes('a'), 'the event has run');
  expect(await run(['problems'], { databaseUrl: database.url })).toMatchObject({ code: 0, stdout: 'No problems.\n' });

  await notify('slow', 'b');
  await untilAsleep();
  binary.signal('SIGTERM');
  expect(await binary.ended).toBe(0);
  expect(await effects()).toEqual(['a', 'b']);
  expect(binary.stderr).toBe('');
  const lines = binary.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; workers?: number });
  expect(lines.find((line) => line.msg === 'Processor started')).toMatchObject({ workers: 2 });
  expect(lines.at(-1)?.msg).toBe('Processor stopped');
  expect(await database.query('select slot from pgrelay.processors')).toEqual([]);
});

test('a second signal forces: exit code 1, what ran is undone and waits again', async () => {
  await register('stuck', 'insert into public.effect (n) select $1 from pg_sleep(600)');
  await notify('stuck', 'c');
  const binary = new Binary(['start'], { databaseUrl: database.url });
  await untilAsleep();
  binary.signal('SIGINT');
  await binary.logged('Processor drains');
  binary.signal('SIGINT');
  expect(await binary.ended).toBe(1);
  expect(await effects()).not.toContain('c');
  await until(async () => {
    const rows = await database.query<{ state: string }>("select state from pgrelay.events where channel = 'stuck'");
    return rows[0]?.state === 'ready';
  }, 'the event waits again');
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
  );
  await database.query("select pgrelay.drop_channel('stuck', true)");
});

test('keeps a view fresh and a job running: every composed plugin is there', async () => {
  await database.query('create materialized view public.counted as select count(*) as n from public.effect');
  await database.query("select pgauto_mv.register_mv('public.counted'::regclass)");
  await database.query(
    "select pgrelay_cron.schedule('tick', '1 second', 'insert into public.effect (n) values (''tick'')')",
  );
  const binary = new Binary(['start', '--workers', '2'], { databaseUrl: database.url });
  await until(async () => {
    const rows = await database.query<{ n: number }>('select n::int as n from public.counted');
    return (rows[0]?.n ?? 0) >= 4;
  }, 'the view shows what the job wrote');
  binary.signal('SIGTERM');
  expect(await binary.ended).toBe(0);
});

test('--http-port serves health and readiness; a port in use is a coded error', async () => {
  const binary = new Binary(['start', '--http-port', '0'], { databaseUrl: database.url });
  await binary.logged('Processor started');
  const url = /"url":"(http:[^"]+)"/.exec(binary.stdout)?.[1] ?? '';
  expect(new URL(url).hostname).toBe('127.0.0.1');
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', reasons: [] }]);
  const second = await run(['start', '--http-port', new URL(url).port], { databaseUrl: database.url });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('error RELAY_SERVER_PORT_TAKEN: ');
  binary.signal('SIGTERM');
  expect(await binary.ended).toBe(0);
});
