import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Heartbeat } from '../dist/instance/heartbeat.js';
import { ChildProcessor } from './support/child.js';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();

/** Blocks the event loop of this thread. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a handler that blocks the event loop', () => {
  test('for many leases loses none, and pgrelay.get_problems() says so meanwhile', async () => {
    const watcher = await db.session('watcher');
    await watcher.query(
      `create function pg_temp.problems_after(p_s float8) returns text language plpgsql as $$ begin
         perform pg_sleep(p_s); return (select string_agg(p.code || ' ' || p.object, ', ') from pgrelay.get_problems() p);
       end $$`,
    );
    let seen: Promise<Record<string, unknown>[]> = Promise.resolve([]);
    const { lines } = await running(db, {
      leaseMs: 1_000,
      handlers: [
        defineHandler('b.block', async () => {
          // Asked before the loop is blocked, answered by the server while it is.
          seen = watcher.start('select pg_temp.problems_after(4) as problems');
          await until(
            async () =>
              (await db.query("select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'", [watcher.pid]))
                .length === 1,
            'it is being asked',
          );
          block(6_000);
        }),
      ],
    });
    const other = new ChildProcessor(db.url); // in this process it would be blocked too
    await other.printed('ready');
    await db.query("select pgrelay.notify('b.block')");
    await untilIdle(db, 'b.block');
    expect(await seen).toEqual([{ problems: 'processor_blocked slot 1' }]);
    expect((await outcomes(db, 'b.block')).map((row) => row.outcome)).toEqual(['done']);
    expect(other.log).not.toContain('a Processor was lost');
    other.signal('SIGKILL');
    await other.exited;
    expect(lines.join('')).toContain('blocks the event loop');
    await until(
      async () => (await db.query("select from pgrelay.get_problems() where code = 'processor_blocked'")).length === 0,
      'the problem is over',
    );
  });

  test('for longer than the limit is given up: its heart stops, and others may take its events', async () => {
    const [fence] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('me', 1, 'test', 600000, 1, '{}')",
    );
    if (fence === undefined) throw new Error('no slot');
    const setup = { connectionString: db.url, leaseMs: 1_000, blockedLimitMs: 3_000 };
    const heartbeat = new Heartbeat(setup, pino({ level: 'silent' }), {
      onFenced: () => undefined,
      waitingFor: () => [],
      onIdle: () => undefined,
    });
    await heartbeat.start();
    heartbeat.beatFor(fence);
    const beats = () =>
      db.query(
        "select from pgrelay.processors where slot = $1 and blocked_since is null and heartbeat_age < interval '1 s'",
        [fence.slot],
      );
    await until(async () => (await beats()).length === 1, 'it beats');
    const watcher = await db.session('watcher of ages');
    await watcher.query(
      `create function pg_temp.age_after(p_s float8) returns float8 language plpgsql as $$ begin
         perform pg_sleep(p_s); return (select extract(epoch from p.heartbeat_age) from pgrelay.processors p where p.slot = ${fence.slot});
       end $$`,
    );
    const asked = watcher.start<{ early: number; late: number }>(
      'select pg_temp.age_after(2) as early, pg_temp.age_after(6) as late',
    );
    await until(
      async () =>
        (await db.query("select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'", [watcher.pid]))
          .length === 1,
      'it is being asked',
    );
    block(9_000);
    const [age] = await asked;
    await heartbeat.stop();
    // 2 s into the block it still beats; 8 s into it, it has not for 5 s.
    expect(age?.early).toBeLessThan(2);
    expect(age?.late).toBeGreaterThan(3.5);
    await db.query('select pgrelay.detach_v1($1, $2)', [fence.slot, fence.epoch]);
  });
});

test('every connection of a Processor has the settings that notice a dead peer within the lease', async () => {
  const leaseMs = 6_000;
  const seen: Record<string, unknown> = {};
  const settings = `select current_setting('tcp_keepalives_idle') as idle, current_setting('tcp_keepalives_interval') as interval,
    current_setting('tcp_keepalives_count') as count, current_setting('tcp_user_timeout') as user_timeout,
    current_setting('idle_in_transaction_session_timeout') as idle_in_transaction`;
  const { processor } = await running(db, {
    leaseMs,
    plugins: [
      {
        name: 'look',
        version: '1.0.0',
        sql: undefined,
        setup: (host) => {
          host.tasks.add({
            name: 'look',
            everyMs: 100,
            run: async ({ control }) => {
              seen.control = (await control.query(settings)).rows[0];
              return undefined;
            },
          });
          host.services.add({
            name: 'look',
            start: async () => {
              const client = await host.connect('look');
              seen.plugin = (await client.query(settings)).rows[0];
              await client.end();
            },
            stop: async () => undefined,
          });
        },
      },
    ],
    handlers: [
      defineHandler('b.tx', { mode: 'transactional', timeoutMs: 90_000 }, async (event, ctx) => {
        seen[`tx ${event.payload}`] = (await ctx.tx.query(settings)).rows[0];
      }),
    ],
  });
  await db.query("select pgrelay.notify('b.tx', p) from unnest(array['1', '2']) p");
  await untilIdle(db, 'b.tx');
  await until(async () => 'control' in seen, 'the control connection was looked at');
  const peer = { idle: '3', interval: '1', count: '3', user_timeout: '6000' };
  const quick = { ...peer, idle_in_transaction: '66s' };
  // A handler may be idle in its transaction, waiting for something else, for as long as it may run.
  const handlers = { ...peer, idle_in_transaction: '96s' };
  expect(seen).toEqual({ control: quick, plugin: quick, 'tx 1': handlers, 'tx 2': handlers });
  await processor.stop();
});

test('a transactional handler that waits in its transaction for many leases is left alone', async () => {
  const { lines } = await running(db, {
    leaseMs: 500,
    handlers: [
      defineHandler('b.idle', { mode: 'transactional' }, async (_event, ctx) => {
        await ctx.tx.query('select 1');
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        await ctx.tx.query('select 1');
      }),
    ],
  });
  await db.query("select pgrelay.notify('b.idle')");
  await untilIdle(db, 'b.idle');
  expect((await outcomes(db, 'b.idle')).map((row) => [row.outcome, row.attempt])).toEqual([['done', 1]]);
  expect(lines.join('')).not.toContain('is given up');
});
