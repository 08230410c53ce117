import { cron } from '@pgrelay/plugin-cron';
import { defineHandler, Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { pino } from 'pino';
import { afterEach, beforeAll, expect, test } from 'vitest';

const database = useDatabase();
const running: Processor[] = [];
const log = pino({ level: 'silent' });

beforeAll(async () => {
  await database.query('create table public.ran (event_id bigint not null)');
  await database.query('grant insert on public.ran to pgrelay');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((processor) => processor.stop()));
  await database.query('select pgrelay_cron.unschedule(name) from pgrelay_cron.jobs');
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
      'select planned_at, started_at, outcome, sqlstate from pgrelay_cron.runs where job = $1 and outcome is not null order by planned_at',
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

test('jobs declared in code send their payload to a handler', async () => {
  const seen: unknown[] = [];
  const handlers = [defineHandler('tidy', async (event) => void seen.push(event.payload))];
  const jobs = [{ name: 'tidy often', every: '1s', channel: 'tidy', payload: { keep: 3 } }];
  await start({ plugins: [cron({ jobs })], handlers });
  await start({ plugins: [cron({ jobs })], handlers });
  await untilRuns('tidy often', 2);
  expect(seen.slice(0, 2)).toEqual([{ keep: 3 }, { keep: 3 }]);
});

test('a job that cannot work stops the start, with its code', async () => {
  const started = (job: object) =>
    start({ plugins: [cron({ jobs: [{ name: 'a', every: '1s', channel: 'tidy', ...job }] })] });
  await expect(started({ every: '* * * * *' })).rejects.toMatchObject({ code: 'PLUGIN_CRON_SPEC_INVALID' });
  await expect(started({ channel: 'nobody' })).rejects.toMatchObject({ code: 'RELAY_CHANNEL_UNKNOWN' });
  await expect(started({ name: 'x'.repeat(196) })).rejects.toMatchObject({ code: 'PLUGIN_CRON_ARGUMENT_INVALID' });
  await database.query("select pgrelay_cron.schedule('a', '1 day', 'select 1')");
  await expect(started({})).rejects.toMatchObject({ code: 'PLUGIN_CRON_JOB_TAKEN' });
});

test.each([
  { lookEveryMs: 0 },
  { keepRunsDays: 1.5 },
  { job: [] },
  { jobs: [{ name: '', every: '1s', channel: 'tidy' }] },
  { jobs: ['a', 'a'].map((name) => ({ name, every: '1s', channel: 'tidy' })) },
])('option %o is refused', (options) => {
  expect(() => cron(options)).toThrow(expect.objectContaining({ code: 'PLUGIN_CRON_OPTION_INVALID' }));
});
