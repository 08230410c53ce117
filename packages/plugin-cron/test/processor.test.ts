import { cron } from '@pgrelay/plugin-cron';
import { defineHandler, definePlugin, Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { pino } from 'pino';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { removeJobs } from './support/jobs.js';

const database = useDatabase();
const running: Processor[] = [];
const log = pino({ level: 'silent' });

beforeAll(async () => {
  await database.query('create table public.ran (event_id bigint not null)');
  await database.query('grant insert on public.ran to pgrelay');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((processor) => processor.stop()));
  await removeJobs(database);
});

async function start(options: Partial<ProcessorOptions>): Promise<void> {
  const processor = new Processor({ connectionString: database.url, pollIntervalMs: 50, log, ...options });
  running.push(processor);
  await processor.start();
}

interface Run {
  readonly planned_at: Date;
  readonly started_at: Date;
  readonly outcome: string;
  readonly sqlstate: string | null;
}

const untilRuns = (job: string, count: number) =>
  until(async () => {
    const rows = await database.query<Run>(
      'select planned_at, started_at, outcome, sqlstate from pgrelay_cron.runs where job = $1 and finished_at is not null order by planned_at, attempt',
      [job],
    );
    return rows.length >= count && rows;
  }, `${count} runs of ${job}`);

test('two Processors run a job once a second, in its rhythm', async () => {
  await start({ plugins: [cron()] });
  await start({ plugins: [cron()] });
  await database.query(
    "select pgrelay_cron.schedule('beat', '1 second', 'insert into public.ran select (pgrelay.current_event()).id')",
  );
  const runs = (await untilRuns('beat', 4)).slice(0, 4);
  const first = runs[0]?.planned_at.getTime() ?? 0;
  const seconds = runs.map((run) => (run.planned_at.getTime() - first) / 1000);
  // Whole seconds, each once; one that a busy machine missed was skipped.
  expect(seconds.every(Number.isInteger)).toBe(true);
  expect(new Set(seconds).size).toBe(4);
  expect(runs.map((run) => run.outcome)).toEqual(['done', 'done', 'done', 'done']);
  for (const run of runs) expect(run.started_at.getTime()).toBeGreaterThanOrEqual(run.planned_at.getTime());
  const twice = await database.query('select event_id from public.ran group by 1 having count(*) > 1');
  expect(twice).toEqual([]);
});

test('a command that fails runs again at its next time', async () => {
  await start({ plugins: [cron()] });
  await database.query("select pgrelay_cron.schedule('broken', '1 second', 'select 1 / (random() * 0)::integer')");
  const runs = await untilRuns('broken', 2);
  expect(runs.map((run) => [run.outcome, run.sqlstate]).slice(0, 2)).toEqual([
    ['failed', '22012'],
    ['failed', '22012'],
  ]);
});

test('what cannot run in a transaction runs at the top level: the commands of pg_cron’s README', async () => {
  await database.query('create table public.events (event_time timestamptz)');
  await database.query('grant select, delete on public.events to pgrelay');
  await database.query('create table public.committed (at timestamptz)');
  await database.query('grant insert on public.committed to pgrelay');
  await database.query(
    'create procedure public.process_updates() language plpgsql as $$ begin insert into public.committed values (now()); commit; insert into public.committed values (now()); end $$',
  );
  await database.query('create procedure public.process_payroll() language plpgsql as $$ begin null; end $$');
  await database.query('grant execute on procedure public.process_updates(), public.process_payroll() to pgrelay');
  await database.query('create schema indexed authorization pgrelay');
  await database.query('set role pgrelay');
  await database.query('create table indexed.big (n integer)');
  await database.query('reset role');
  const commands = {
    delete: "DELETE FROM events WHERE event_time < now() - interval '1 week'",
    vacuum: 'VACUUM indexed.big',
    updates: 'CALL process_updates()',
    payroll: 'CALL process_payroll()',
    index: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS big_n ON indexed.big (n)',
  };
  for (const [name, command] of Object.entries(commands))
    await database.query("select pgrelay_cron.schedule($1, '@daily', $2), pgrelay_cron.run_now($1)", [name, command]);
  await start({ plugins: [cron()] });
  for (const name of Object.keys(commands))
    expect([name, (await untilRuns(name, 1)).map((run) => run.outcome)]).toEqual([name, ['done']]);
  expect(await database.query('select count(distinct at)::int as n from public.committed')).toEqual([{ n: 2 }]);
  expect(await database.query("select to_regclass('indexed.big_n') is not null as made")).toEqual([{ made: true }]);
});

test('a job whose handler is gone is a problem row', async () => {
  const problems = () =>
    database.query("select code, object from pgrelay_cron.get_cron_problems() where code = 'cron_no_handler'");
  await database.query("select * from pgrelay.declare_handlers_v1(array['retired'], array['leased'], true)");
  await database.query("select pgrelay_cron.schedule_event('retire', '@daily', 'retired')");
  await start({ plugins: [cron()] });
  expect(await problems()).toEqual([{ code: 'cron_no_handler', object: 'job retire' }]);
  await start({ plugins: [cron()], handlers: [defineHandler('retired', async () => undefined)] });
  expect(await problems()).toEqual([]);
});

test('a job for a channel of a kind, such as a webhook, is served by whoever has its plugin', async () => {
  const asOwner = async (sql: string) => {
    await database.query('set role pgrelay_owner');
    await database.query(sql).finally(() => database.query('reset role'));
  };
  await asOwner("select pgrelay.register_kind_channel('hooked', 'hook')");
  await database.query("select pgrelay_cron.schedule_event('hook', '@daily', 'hooked')");
  const hook = definePlugin<object>({
    name: 'hook',
    version: '1.0.0',
    validate: (options) => options,
    setup: (host) => host.handlers.addKind({ kind: 'hook', load: async () => [] }),
  });
  const problems = () =>
    database.query(
      "select code from pgrelay_cron.get_cron_problems() where object = 'job hook' and code = 'cron_no_handler'",
    );
  await start({ plugins: [cron()] });
  expect(await problems()).toEqual([{ code: 'cron_no_handler' }]);
  await start({ plugins: [cron(), hook()] });
  expect(await problems()).toEqual([]);
  await database.query("select pgrelay_cron.unschedule('hook')");
});

test('a run has a timeout, retries and a log like any other event', async () => {
  await database.query(
    "select pgrelay_cron.schedule('slow', '@daily', 'select pg_sleep(60)', p_timeout => '100 ms'), pgrelay.set_retry('cron.slow', 'sqlstate:57014', array[interval '0'], p_limit => 1), pgrelay_cron.run_now('slow')",
  );
  await start({ plugins: [cron()] });
  const runs = await untilRuns('slow', 2);
  expect(runs.map((run) => [run.outcome, run.sqlstate])).toEqual([
    ['retried', '57014'],
    ['failed', '57014'],
  ]);
});

test('jobs declared in code send their payload to a handler', async () => {
  const seen: unknown[] = [];
  const handlers = [defineHandler('tidy', async (event) => void seen.push(event.payload))];
  const jobs = [{ name: 'tidy often', spec: '1s', channel: 'tidy', payload: { keep: 3 } }];
  await start({ plugins: [cron({ jobs })], handlers });
  await start({ plugins: [cron({ jobs })], handlers });
  await untilRuns('tidy often', 2);
  expect(seen.slice(0, 2)).toEqual([{ keep: 3 }, { keep: 3 }]);
});

test('a job that cannot work stops the start, with its code', async () => {
  const started = (job: object) =>
    start({ plugins: [cron({ jobs: [{ name: 'a', spec: '1s', channel: 'tidy', ...job }] })] });
  await expect(started({ spec: '61 * * * *' })).rejects.toMatchObject({ code: 'PLUGIN_CRON_SPEC_INVALID' });
  await expect(started({ channel: 'nobody' })).rejects.toMatchObject({ code: 'RELAY_CHANNEL_UNKNOWN' });
  await expect(started({ name: 'x'.repeat(196) })).rejects.toMatchObject({ code: 'PLUGIN_CRON_ARGUMENT_INVALID' });
  await database.query("select pgrelay_cron.schedule('a', '1 day', 'select 1')");
  await expect(started({})).rejects.toMatchObject({ code: 'PLUGIN_CRON_JOB_TAKEN' });
});

test.each([
  { lookEveryMs: 0 },
  { keepRunsDays: 1.5 },
  { job: [] },
  { jobs: [{ name: '', spec: '1s', channel: 'tidy' }] },
  { app: '' },
  { jobs: [{ name: 'a', spec: '1s', channel: 'tidy', every: '1s' }] },
  { jobs: [{ name: 'a', spec: '1s', channel: 'tidy', jitterMs: -1 }] },
  { jobs: [{ name: 'a', spec: '1s', channel: 'tidy', startsAt: new Date(Number.NaN) }] },
  { jobs: ['a', 'a'].map((name) => ({ name, spec: '1s', channel: 'tidy' })) },
])('option %o is refused', (options) => {
  expect(() => cron(options)).toThrow(expect.objectContaining({ code: 'PLUGIN_CRON_OPTION_INVALID' }));
});
