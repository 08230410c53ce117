import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { Binary } from './support/binary.js';

const database = useDatabase();
const seconds = 12;
const shiftClock = fileURLToPath(new URL('./support/shift-clock.cjs', import.meta.url));

beforeAll(async () => {
  await database.query('create table public.ran (job text not null, planned timestamptz not null)');
  await database.query('grant insert on public.ran to pgrelay');
});

test('five Processors, one killed again and again, one with its clock an hour off: each second once, and none missing', async () => {
  const start = (shifted: boolean) => {
    const args = ['start', '--log-level', 'warn', '--json'];
    return new Binary(args, {
      databaseUrl: database.url,
      ...(shifted ? { nodeOptions: `--require ${shiftClock}` } : {}),
    });
  };
  const processors = [0, 1, 2, 3, 4].map((number) => start(number === 4));
  await until(async () => {
    const [row] = await database.query<{ alive: number }>(
      'select count(*)::int as alive from pgrelay.instance where alive',
    );
    return row?.alive === 5;
  }, 'five Processors have a slot');

  for (const job of ['a', 'b', 'c']) {
    await database.query(
      `select pgrelay_cron.schedule($1, 'every 1s', format('insert into public.ran values (%L, $1::timestamptz)', $1::text), p_missed => 'all',
         p_starts_at => date_trunc('second', now()) + interval '2 s', p_ends_at => date_trunc('second', now()) + interval '1 s' * (1 + $2::int))`,
      [job, seconds],
    );
  }
  let victim = 0;
  const ended = async () => {
    const [row] = await database.query<{ left: number }>(
      "select ((select count(*) from pgrelay_cron.jobs where state = 'active') + (select count(*) from pgrelay.events))::int as left",
    );
    return row?.left === 0;
  };
  while (!(await ended())) {
    await pause(2_000);
    processors[victim]?.signal('SIGKILL');
    await processors[victim]?.ended;
    processors[victim] = start(victim === 4);
    victim = (victim + 1) % processors.length;
  }
  const count = 'select count(*)::int as n, count(distinct (job, planned))::int as different from public.ran';
  expect(await database.query(count)).toEqual([{ n: 3 * seconds, different: 3 * seconds }]);
  expect(
    await database.query(
      'select job, count(*)::int as n, extract(epoch from max(planned) - min(planned))::int as span from public.ran group by 1 order by 1',
    ),
  ).toEqual(['a', 'b', 'c'].map((job) => ({ job, n: seconds, span: seconds - 1 })));
  for (const processor of processors) processor.signal('SIGKILL');
  await Promise.all(processors.map((processor) => processor.ended));
});
