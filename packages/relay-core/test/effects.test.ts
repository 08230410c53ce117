import { complete, createClient, defineHandler, definePlugin, type HandlerContext, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

/** Runs `body` as the handler of one event, again and again until it asks for no retry; returns what each attempt gave. */
async function attempts<T>(
  channel: string,
  mode: 'leased' | 'transactional',
  body: (ctx: HandlerContext, attempt: number) => Promise<T>,
  times = 2,
): Promise<T[]> {
  const seen: T[] = [];
  await running(db, {
    handlers: [
      defineHandler(channel, { mode }, async (event, ctx) => {
        seen.push(await body(ctx, event.attempt));
        return event.attempt < times ? retryIn(0) : undefined;
      }),
    ],
  });
  await client.notify(channel);
  await untilIdle(db, channel);
  return seen;
}

describe.each(['leased', 'transactional'] as const)('ctx.once in a %s handler', (mode) => {
  test('makes the effect once and gives a retry its result', async () => {
    let made = 0;
    const seen = await attempts(`e.${mode}.once`, mode, async (ctx) => [
      await ctx.once('mail', () => ({ id: `m${++made}`, at: null })),
      await ctx.once('nothing', () => undefined),
    ]);
    expect(made).toBe(1);
    expect(seen).toEqual([
      [{ id: 'm1', at: null }, null],
      [{ id: 'm1', at: null }, null],
    ]);
  });

  test('names are separate, and two calls at once are one effect', async () => {
    let made = 0;
    const [seen] = await attempts(
      `e.${mode}.names`,
      mode,
      (ctx) => Promise.all(['a', 'a', 'b'].map((name) => ctx.once(name, async () => ++made))),
      1,
    );
    expect(seen).toEqual([1, 1, 2]);
  });

  test('an effect that throws is not recorded', async () => {
    let tried = 0;
    const seen = await attempts(`e.${mode}.throws`, mode, (ctx) =>
      ctx
        .once('x', () => {
          tried += 1;
          if (tried === 1) throw new Error('no');
          return 'made';
        })
        .catch(() => 'caught'),
    );
    expect(seen).toEqual(['caught', 'made']);
  });

  test('a result that is no JSON is refused, and the effect still counts as made', async () => {
    let made = 0;
    const seen = await attempts(`e.${mode}.result`, mode, (ctx) =>
      ctx.once('x', () => ({ n: BigInt(++made) })).catch((error) => error.code),
    );
    expect(seen).toEqual(['RELAY_RESULT_INVALID', null]);
    expect(made).toBe(1);
  });
});

describe('ctx.once', () => {
  test('refuses a bad name, and a Processor that no longer holds the event', async () => {
    const codes = await attempts(
      'e.refused',
      'leased',
      async (ctx) => {
        const bad = await ctx.once('', () => 1).catch((error) => error.code);
        const owner = await db.connect();
        await owner.query('set role pgrelay_owner; update pgrelay.queue set epoch = epoch + 1');
        const fenced = await ctx.once('late', () => 1).catch((error) => error.code);
        await owner.query('update pgrelay.queue set epoch = epoch - 1');
        await owner.end();
        return [bad, fenced];
      },
      1,
    );
    expect(codes).toEqual([['RELAY_ARGUMENT_INVALID', 'RELAY_FENCED']]);
  });

  test('records go with the retention, not before their event has ended', async () => {
    await db.query("select pgrelay.register_channel('e.kept')");
    const waiting = await client.notify('e.kept');
    await db.query('set role pgrelay_owner');
    await db.query('delete from pgrelay.effect');
    await db.query(
      "insert into pgrelay.effect values ($1, 'old', '1', now() - interval '40 days'), (-1, 'old', '1', now() - interval '40 days'), (-1, 'young', '1', now() - interval '20 days')",
      [waiting],
    );
    await db.query('reset role');
    await running(db, { logRetentionDays: 30 });
    const left = async () => {
      await db.query('set role pgrelay_owner');
      const rows = await db.query('select event_id::text as id, name from pgrelay.effect order by event_id, name');
      await db.query('reset role');
      return rows;
    };
    await until(async () => (await left()).length < 3, 'an old record is gone');
    expect(await left()).toEqual([
      { id: '-1', name: 'young' },
      { id: waiting, name: 'old' },
    ]);
  });
});

describe("the loss of the Processor's own connection", () => {
  const cut = async () => {
    const other = await db.connect();
    await other.query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'pgrelay control' and datname = current_database()",
    );
    await other.end();
  };
  /** Ends the control connection while it waits, in the middle of a call. */
  const cutDuring = async <T>(call: () => Promise<T>): Promise<T> => {
    const [other, watcher] = [await db.session('other'), await db.connect()]; // the test itself may wait for the lock
    await other.query('begin; set local role pgrelay_owner');
    await other.query('lock table pgrelay.queue, pgrelay.effect in access exclusive mode');
    const result = call();
    result.catch(() => undefined);
    const waits = "from pg_stat_activity where application_name = 'pgrelay control' and datname = current_database()";
    await until(
      async () => (await watcher.query(`select ${waits} and wait_event_type = 'Lock'`)).rows.length > 0,
      'the call is under way',
    );
    await watcher.query(`select pg_terminate_backend(pid, 5000) ${waits}`);
    await other.query('rollback');
    return result;
  };

  test.each([
    ['ctx.notify', (ctx: HandlerContext) => ctx.notify('l.child')],
    ['ctx.notifyMany', (ctx: HandlerContext) => ctx.notifyMany('l.child', [{}])],
    ['ctx.once', (ctx: HandlerContext) => ctx.once('x', () => 1)],
    [
      'ctx.notify, wrapped by the handler',
      (ctx: HandlerContext) =>
        ctx.notify('l.child').catch((cause) => {
          throw new Error('sending failed', { cause });
        }),
    ],
  ])('from %s gives the event back, uncounted', async (name, use) => {
    await db.query("select pgrelay.register_channel('l.child')");
    let runs = 0;
    const channel = `l.${name}`;
    await running(db, {
      handlers: [
        defineHandler(channel, async (_event, ctx) => {
          runs += 1;
          await (runs === 1 ? cutDuring<unknown>(() => use(ctx)) : use(ctx));
        }),
      ],
    });
    await client.notify(channel);
    await untilIdle(db, channel);
    expect(runs).toBe(2);
    expect(await outcomes(db, channel)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  });

  test('from a connection that a plugin was given, and from one of the results of a batch, too', async () => {
    await db.query("select pgrelay.register_channel('l.child')");
    const runs = { plugin: 0, batch: 0 };
    const plugin = definePlugin({
      name: 'l',
      version: '1.0.0',
      validate: () => ({}),
      setup: (host) =>
        host.handlers.add(
          defineHandler('l.plugin', async () => {
            const own = await host.connect('l');
            runs.plugin += 1;
            const sql = runs.plugin === 1 ? 'select pg_terminate_backend(pg_backend_pid())' : 'select';
            await own.query(sql).finally(() => own.end().catch(() => undefined));
          }),
        ),
    });
    const batch = defineHandler('l.batch', { batch: 5 }, async (events, ctx) => {
      runs.batch += 1;
      const send = () => ctx.notify('l.child').then(complete, (error: Error) => error);
      const [first] = await Promise.all([runs.batch === 1 ? cutDuring(send) : send()]);
      return events.map(() => first);
    });
    await running(db, { plugins: [plugin()], handlers: [batch] });
    await client.notify('l.plugin');
    await untilIdle(db, 'l.plugin');
    await client.notify('l.batch');
    await untilIdle(db, 'l.batch');
    expect(runs).toEqual({ plugin: 2, batch: 2 });
    for (const channel of ['l.plugin', 'l.batch'])
      expect(await outcomes(db, channel)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  });

  test('after the effect was made does not make it again: its record is sent until it is written', async () => {
    let made = 0;
    const seen = await attempts(
      'l.record',
      'leased',
      (ctx) =>
        ctx.once('x', async () => {
          made += 1;
          await cut();
          return 'made';
        }),
      1,
    );
    expect([made, seen]).toEqual([1, ['made']]);
  });

  test("that of a connection of the handler's own is an error as any other", async () => {
    await running(db, {
      handlers: [
        defineHandler('l.theirs', () => {
          throw Object.assign(new Error('terminating connection'), { code: '57P01' });
        }),
      ],
    });
    await client.notify('l.theirs');
    await until(async () => (await outcomes(db, 'l.theirs')).length === 1, 'the attempt ended');
    expect(await outcomes(db, 'l.theirs')).toMatchObject([{ outcome: 'failed', sqlstate: '57P01' }]);
  });
});
