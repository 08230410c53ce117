import { createClient, defineHandler, Processor } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table written (event_id bigint, what text); grant insert, select on written to pgrelay');
});
afterAll(() => client.close());

describe('a Processor', () => {
  test('start and stop are idempotent; a stopped one leaves no connection and no slot', async () => {
    const { processor } = await running(db);
    await Promise.all([processor.start(), processor.start()]);
    expect(processor.slot).toBe(1);
    expect(await db.query('select slot from pgrelay.processors')).toEqual([{ slot: 1 }]);
    await Promise.all([processor.stop(), processor.stop()]);
    await processor.stop();
    expect(await db.query('select slot from pgrelay.processors')).toEqual([]);
    expect(
      await db.query(
        "select application_name from pg_stat_activity where datname = current_database() and application_name like 'pgrelay%' and application_name <> 'pgrelay client'",
      ),
    ).toEqual([]);
  });

  test('stop before start is fine, and opens nothing', async () => {
    await new Processor({ connectionString: db.url }).stop();
  });

  test('opens no more connections than its workers and two', async () => {
    await running(db, { workers: 3 });
    await until(
      async () =>
        (
          await db.query(
            "select from pg_stat_activity where datname = current_database() and application_name ~ '^pgrelay (worker|control|heartbeat)'",
          )
        ).length === 5,
      'five connections',
    );
  });

  test('runs SQL actions, each once, with an audit row each', async () => {
    await db.query(
      "select pgrelay.register_channel('p.sql', 'insert into written select (e).id, $1 from pgrelay.current_event() e')",
    );
    await running(db, { workers: 2 });
    for (let i = 0; i < 250; i += 1) await db.query("select pgrelay.notify('p.sql', $1)", [String(i)]);
    await untilIdle(db, 'p.sql');
    expect(await db.query('select event_id from written')).toHaveLength(250);
    expect(await db.query("select from written join pgrelay.log using (event_id) where outcome = 'done'")).toHaveLength(
      250,
    );
  });

  test('runs leased handlers, several at once, and notify() from within', async () => {
    let atOnce = 0;
    let most = 0;
    await running(db, {
      handlers: [
        defineHandler('p.leased', { concurrency: 4 }, async (event, ctx) => {
          most = Math.max(most, ++atOnce);
          await ctx.notify('p.child', { of: event.id });
          atOnce -= 1;
        }),
        defineHandler('p.child', async () => undefined),
      ],
    });
    for (let i = 0; i < 40; i += 1) await client.notify('p.leased', { i });
    await untilIdle(db, 'p.leased', 'p.child');
    expect(await outcomes(db, 'p.child')).toHaveLength(40);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('runs transactional handlers: writes, child events and end commit together, or not at all', async () => {
    await running(db, {
      handlers: [
        defineHandler('p.tx', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query('insert into written values ($1, $2)', [event.id, event.payload.what]);
          await ctx.notify('p.txchild', event.payload);
          if (event.payload.what === 'fails') throw new Error('no');
        }),
        defineHandler('p.txchild', async () => undefined),
      ],
    });
    const good = await client.notify('p.tx', { what: 'works' });
    const bad = await client.notify('p.tx', { what: 'fails' });
    await untilIdle(db, 'p.tx', 'p.txchild');
    expect(
      await db.query(
        'select w.xmin::text = l.xmin::text as same from written w join pgrelay.log l using (event_id) where w.event_id = $1',
        [good],
      ),
    ).toEqual([{ same: true }]);
    expect(await db.query('select from written where event_id = $1', [bad])).toEqual([]);
    expect(await outcomes(db, 'p.txchild')).toHaveLength(1);
    expect(await db.query('select code, message from pgrelay.failed where id = $1', [bad])).toEqual([
      { code: 'handler_error', message: 'no' },
    ]);
  });

  test('a delayed event runs when it is due, without waiting for the next tick', async () => {
    await running(db, { pollIntervalMs: 60_000, handlers: [defineHandler('p.delayed', async () => undefined)] });
    await client.notify('p.delayed', 1, { delayMs: 60_000 });
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.delayed set run_at = now() + interval '200 ms'");
    await db.query('reset role');
    await running(db, { pollIntervalMs: 60_000, handlers: [defineHandler('p.delayed', async () => undefined)] });
    await untilIdle(db, 'p.delayed');
  });

  test('a handler that takes too long fails with handler_timeout and sees its signal', async () => {
    let aborted: unknown;
    await running(db, {
      handlers: [
        defineHandler(
          'p.late',
          { timeoutMs: 50 },
          (_event, ctx) =>
            new Promise<void>((resolve) =>
              ctx.signal.addEventListener('abort', () => {
                aborted = ctx.signal.reason;
                resolve();
              }),
            ),
        ),
      ],
    });
    await client.notify('p.late');
    await untilIdle(db, 'p.late');
    expect(await outcomes(db, 'p.late')).toMatchObject([{ outcome: 'failed', code: 'handler_timeout' }]);
    expect(aborted).toBeInstanceOf(Error);
  });

  test('a SQL action that takes too long fails alone; its batch mates run', async () => {
    await db.query(
      "select pgrelay.register_channel('p.slow', 'select pg_sleep($1::float8)', p_statement_timeout => '150 ms')",
    );
    await db.query("select pgrelay.notify('p.slow', p) from unnest(array['0', '30', '0']) p");
    await running(db);
    await untilIdle(db, 'p.slow');
    expect((await outcomes(db, 'p.slow')).map((row) => [row.outcome, row.code])).toEqual(
      expect.arrayContaining([
        ['done', null],
        ['done', null],
        ['failed', 'action_timeout'],
      ]),
    );
    expect(await db.query("select payload, sqlstate from pgrelay.failed where channel = 'p.slow'")).toEqual([
      { payload: '30', sqlstate: '57014' },
    ]);
  });

  test('a channel that cannot be worked on does not hold up the others', async () => {
    await db.query(
      "select pgrelay.register_channel('p.broken', 'select 1'), pgrelay.register_channel('p.fine', 'select 1')",
    );
    const [frame] = await db.query<{ id: number }>("select id from pgrelay.channels where name = 'p.broken'");
    await db.query(
      `set role pgrelay_owner; alter function pgrelay_action.run_${frame?.id}(bigint[], text[], boolean, timestamptz) security invoker; reset role`,
    );
    await db.query("select pgrelay.notify('p.broken'), pgrelay.notify('p.fine')");
    const { lines } = await running(db);
    await untilIdle(db, 'p.fine');
    await until(
      async () => lines.some((line) => line.includes('RELAY_ACTION_MISSING')),
      'the broken channel is reported',
    );
    await db.query("select pgrelay.drop_channel('p.broken', true)");
  });

  test('survives the loss of every connection without a restart', async () => {
    await db.query("select pgrelay.register_channel('p.cut', 'insert into written values (0, $1)')");
    const { processor } = await running(db, { workers: 2 });
    const { slot } = processor;
    await db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name ~ '^pgrelay (worker|control|heartbeat)'",
    );
    await db.query("select pgrelay.notify('p.cut', 'after')");
    await untilIdle(db, 'p.cut');
    expect(processor.slot).toBe(slot);
    expect(await outcomes(db, 'p.cut')).toMatchObject([{ outcome: 'done' }]);
  });

  test('a transactional handler whose connection is lost never goes on outside its transaction, and runs again uncounted', async () => {
    let runs = 0;
    await running(db, {
      handlers: [
        defineHandler('p.txcut', { mode: 'transactional' }, async (event, ctx) => {
          runs += 1;
          if (runs === 1) {
            await ctx.tx.query('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
          }
          await ctx.tx.query('insert into written values ($1, $2)', [event.id, `run ${runs}`]);
        }),
      ],
    });
    const id = await client.notify('p.txcut');
    await untilIdle(db, 'p.txcut');
    expect(await db.query('select what from written where event_id = $1', [id])).toEqual([{ what: 'run 2' }]);
    expect(await outcomes(db, 'p.txcut')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  });

  test('declared dead, it takes a new epoch by itself and drops what it had in hand', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let runs = 0;
    const { processor, lines } = await running(db, {
      leaseMs: 1_000,
      handlers: [
        defineHandler('p.fenced', async () => {
          runs += 1;
          if (runs === 1) await gate;
        }),
      ],
    });
    await client.notify('p.fenced');
    await until(async () => runs === 1, 'the handler runs');
    await db.query('set role pgrelay_owner');
    await db.query('update pgrelay.instance set alive = false where alive');
    await db.query('reset role');
    await until(async () => lines.some((line) => line.includes('declared dead')), 'it notices');
    await until(async () => processor.slot !== undefined && runs === 2, 'the event runs again');
    release();
    await untilIdle(db, 'p.fenced');
    expect((await outcomes(db, 'p.fenced')).map((row) => row.outcome)).toEqual(['lost', 'done']);
  });

  test('a handler that blocks the event loop for longer than the lease loses nothing', async () => {
    await running(db, {
      leaseMs: 500,
      handlers: [
        defineHandler('p.block', () => {
          const until = performance.now() + 1_500;
          while (performance.now() < until);
        }),
      ],
    });
    const other = await running(db, { leaseMs: 500 });
    await client.notify('p.block');
    await untilIdle(db, 'p.block');
    expect((await outcomes(db, 'p.block')).map((row) => row.outcome)).toEqual(['done']);
    expect(other.lines.join('')).not.toContain('a Processor was lost');
  });
});
