import { fileURLToPath, pathToFileURL } from 'node:url';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { ChildProcessor } from './support/child.js';
import { outcomes, untilIdle } from './support/running.js';

const db = useDatabase();
const preload = pathToFileURL(fileURLToPath(new URL('./fixtures/shifted-clock.mjs', import.meta.url))).href;
const hourMs = 3_600_000;
const channels = ['c.leased', 'c.tx', 'c.retry', 'c.snooze', 'c.delayed'];

test.each([
  ['fast', hourMs],
  ['slow', -hourMs],
])('a Processor whose clock is an hour %s does everything at the time of the database', async (_name, shift) => {
  const [before] = await db.query<{ at: string }>('select pgrelay.clock_now()::text as at');
  const child = new ChildProcessor(db.url, {
    fixture: 'clock-processor',
    nodeArgs: ['--import', preload],
    env: { CLOCK_SHIFT_MS: String(shift) },
  });
  await child.printed('ready');
  const itsClock = Number(/ready \d+ (\d+)/.exec(child.out)?.[1]);
  expect(Math.abs(itsClock - Date.now() - shift)).toBeLessThan(hourMs / 2);
  const other = new ChildProcessor(db.url); // of the right clock: it would take the events of one that seems dead
  await other.printed('ready');

  for (const channel of channels) await db.query('select pgrelay.notify($1)', [channel]);
  await db.query("select pgrelay.notify('c.never', p_run_at => now() + interval '30 minutes')");
  await db.query("select pgrelay.notify('c.leased', p_run_at => now() + interval '300 ms')");
  await untilIdle(db, ...channels);

  expect((await outcomes(db, 'c.leased')).map((row) => row.outcome)).toEqual(['done', 'done', 'done']);
  expect((await outcomes(db, 'c.retry')).map((row) => row.outcome)).toEqual(['retried', 'done']);
  expect((await outcomes(db, 'c.snooze')).map((row) => row.outcome)).toEqual(['snoozed', 'done']);
  const times = await db.query(
    `select channel from pgrelay.log where channel like 'c.%'
       and not (enqueued_at >= $1::timestamptz and started_at >= enqueued_at and finished_at >= started_at and finished_at <= pgrelay.clock_now())`,
    [before?.at],
  );
  expect(times).toEqual([]);
  // What is for later is delayed by the database's clock, whoever sent it.
  expect(
    await db.query(
      "select from pgrelay.events where channel = 'c.never' and state = 'delayed' and run_at between pgrelay.clock_now() + interval '25 min' and pgrelay.clock_now() + interval '30 min'",
    ),
  ).toHaveLength(2);
  const [now] = await db.query<{ at: string }>('select pgrelay.clock_now()::text as at');
  await until(
    async () =>
      (
        await db.query(
          "select from pgrelay.processors where handlers @> array['c.tx'] and heartbeat_at > $1::timestamptz and heartbeat_age > interval '0'",
          [now?.at],
        )
      ).length === 1,
    'its heartbeat is of the time of the database',
  );
  expect(other.log).not.toContain('a Processor was lost');
  for (const one of [child, other]) {
    one.signal('SIGTERM');
    await one.exited;
  }
  await db.query('select pgrelay.drop_channel(c, true) from unnest($1::text[]) c', [[...channels, 'c.never']]);
  await db.query('set role pgrelay_owner; truncate pgrelay.log; reset role');
});
