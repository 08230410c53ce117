import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table effects (what text); grant insert on effects to pgrelay');
  await db.query('create table parent (id int primary key)');
  await db.query('create table child (id int references parent deferrable initially deferred)');
});
afterAll(() => client.close());

const look = `select current_user::text as who, current_setting('search_path') as path, current_setting('statement_timeout') as timeout,
  current_setting('default_transaction_read_only') as read_only, current_setting('lock_timeout') as lock_timeout,
  to_regclass('pg_temp.left_behind')::text as temp, (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
  (select count(*)::int from pg_cursors where name = 'left_open') as cursors`;

describe('what a transactional handler leaves in its session does not meet the next event', () => {
  test.each([
    ['a role', 'set role pgrelay_viewer'],
    ['a session authorization', 'set session authorization default; set role none; set role pgrelay_viewer'],
    ['settings', "set search_path = nowhere; set lock_timeout = '1ms'"],
    ['read-only transactions', 'set default_transaction_read_only = on'],
    ['no statement timeout', 'set statement_timeout = 0'],
    ['a temporary table', 'create temp table left_behind (n int)'],
    ['a session lock', 'select pg_advisory_lock(4711)'],
    ['a cursor', 'declare left_open cursor with hold for select 1'],
  ])('%s', async (name, sql) => {
    await db.query(`grant pgrelay_viewer to current_user`);
    const channel = `q.${name.replaceAll(' ', '_')}`;
    await db.query('select pgrelay.register_channel($1, $2)', [`${channel}.sql`, 'insert into effects values ($1)']);
    const seen: unknown[] = [];
    const { lines } = await running(db, {
      handlers: [
        defineHandler(channel, { mode: 'transactional' }, async (event, ctx) => {
          const before = await ctx.tx.query(look);
          seen.push(before.rows[0]);
          await ctx.tx.query(sql);
          if (event.payload === 'fails') throw new Error('no');
        }),
      ],
    });
    // One after the other, so that nothing else puts the session right between them; then SQL actions on it.
    await client.notifyMany(
      channel,
      ['commits', 'fails', 'commits'].map((payload) => ({ payload })),
    );
    await untilIdle(db, channel);
    await client.notify(`${channel}.sql`, name);
    await untilIdle(db, `${channel}.sql`);
    expect(seen).toHaveLength(3);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({ temp: null, locks: 0, cursors: 0, read_only: 'off' });
    // Another role may not end events, so the event of a handler that leaves one fails, as any handler's error.
    const kept = sql.includes('role pgrelay_viewer') ? 'failed' : 'done';
    expect((await outcomes(db, channel)).map((row) => row.outcome)).toEqual([kept, 'failed', kept]);
    expect(lines.filter((line) => /could not/.test(line))).toEqual([]);
  });
});

describe('a connection that an event left in a transaction', () => {
  test('is not used again: the loss of another connection, wrapped by the handler', async () => {
    let runs = 0;
    const pids: unknown[] = [];
    const gate = await db.session('gate');
    const control = "pg_stat_activity where datname = current_database() and application_name = 'pgrelay control'";
    await running(db, {
      handlers: [
        defineHandler('q.wrapped', { mode: 'transactional' }, async (_event, ctx) => {
          runs += 1;
          const { rows } = await ctx.tx.query('select pg_backend_pid() as pid');
          pids.push(rows[0]?.pid);
          await ctx.tx.query("insert into effects values ('wrapped')");
          if (runs > 1) return;
          await gate.query('begin; set local role pgrelay_owner; lock table pgrelay.effect');
          const effect = ctx
            .once('effect', () => 1)
            .catch((cause: unknown) => {
              throw new Error('the effect failed', { cause });
            });
          const cut = async () => {
            await until(
              async () => (await db.query(`select from ${control} and wait_event_type = 'Lock'`)).length === 1,
              'the effect is asked for',
            );
            await db.query(`select pg_terminate_backend(pid, 10000) from ${control}`);
            await gate.query('rollback');
          };
          await Promise.all([effect, cut()]);
        }),
      ],
    });
    await client.notify('q.wrapped');
    await untilIdle(db, 'q.wrapped');
    expect(runs).toBe(2);
    expect(pids[1]).not.toBe(pids[0]);
    expect(await db.query("select from effects where what = 'wrapped'")).toHaveLength(1);
    expect(await outcomes(db, 'q.wrapped')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  });

  test.each([
    ['a statement that failed, its error swallowed', 'select 1 / 0'],
    ['a deferred constraint that fails at the commit', 'insert into child values (1)'],
  ])('is put right: %s', async (name, sql) => {
    const channel = `q.${name.slice(0, 10).replaceAll(' ', '_')}`;
    await running(db, {
      handlers: [
        defineHandler(channel, { mode: 'transactional' }, async (event, ctx) => {
          if (event.payload === 'poison') await ctx.tx.query(sql).catch(() => undefined);
          else await ctx.tx.query('insert into effects values ($1)', [channel]);
        }),
      ],
    });
    await client.notify(channel, 'poison');
    await untilIdle(db, channel);
    await client.notify(channel, 'good');
    await untilIdle(db, channel);
    expect((await outcomes(db, channel)).map((row) => row.outcome)).toEqual(['failed', 'done']);
    expect(await db.query('select from effects where what = $1', [channel])).toHaveLength(1);
  });

  test('fails when the handler ended it itself: its event could not be one commit with it', async () => {
    await running(db, {
      handlers: [
        defineHandler('q.ended', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query(event.payload as string);
        }),
      ],
    });
    for (const end of ['commit', 'rollback']) await client.notify('q.ended', end);
    await untilIdle(db, 'q.ended');
    expect((await outcomes(db, 'q.ended')).map((row) => [row.outcome, row.code])).toEqual([
      ['failed', 'transaction_ended'],
      ['failed', 'transaction_ended'],
    ]);
  });

  test('or with an answer that nobody waited for is read to its end first', async () => {
    const seen: unknown[] = [];
    await running(db, {
      handlers: [
        defineHandler('q.unread', { mode: 'transactional' }, async (event, ctx) => {
          if (event.payload === 'leaves') void ctx.tx.query("select repeat('x', 100) from generate_series(1, 50000)");
          else seen.push((await ctx.tx.query('select 7 as n')).rows);
        }),
      ],
    });
    await client.notify('q.unread', 'leaves');
    await client.notify('q.unread', 'reads');
    await untilIdle(db, 'q.unread');
    expect(seen).toEqual([[{ n: 7 }]]);
    expect((await outcomes(db, 'q.unread')).map((row) => row.outcome)).toEqual(['done', 'done']);
  });
});

test('a plugin that leaves the control connection in a transaction harms nobody: another is opened', async () => {
  let ran = 0;
  await running(db, {
    plugins: [
      {
        name: 'careless',
        version: '1.0.0',
        setup: ({ tasks }: { tasks: { add(task: unknown): void } }) =>
          tasks.add({
            name: 'careless',
            everyMs: 50,
            run: async ({ control }: { control: { query(sql: string): Promise<unknown> } }) => {
              await control.query('begin');
              ran += 1;
            },
          }),
      } as never,
    ],
    handlers: [defineHandler('q.careless', () => undefined)],
  });
  for (let i = 0; i < 3; i += 1) {
    await client.notify('q.careless');
    await untilIdle(db, 'q.careless');
  }
  expect(ran).toBeGreaterThan(0);
  expect((await outcomes(db, 'q.careless')).map((row) => row.outcome)).toEqual(['done', 'done', 'done']);
});
