import { AssertionError } from 'node:assert';
import { defineHandler, fail, handler, inject, type RelayEvent, retryIn, token } from '@pgrelay/relay-core';
import {
  eventsOf,
  expectEvent,
  installTestClock,
  logOf,
  performHandler,
  runUntilIdle,
} from '@pgrelay/relay-core/testing';
import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { running } from './support/running.js';

const db = useDatabase();
/** What the assertions take; `db.query` of the test's database returns rows. */
const queryable = {
  query: async (sql: string, values?: unknown[]) => ({ rows: await db.query(sql, values) }),
} as never;
let client: pg.Client;

beforeAll(async () => {
  client = await db.connect();
  await db.query("select pgrelay.register_channel('t.h'), pgrelay.register_channel('t.other')");
});

const emptied = async () => {
  await db.query('set role pgrelay_owner');
  for (const table of ['queue', 'delayed', 'failed', 'dedup']) await db.query(`delete from pgrelay.${table}`);
  await db.query('reset role');
};
beforeEach(emptied);

const message = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(AssertionError);
  return (error as Error).message;
};

describe('expectEvent', () => {
  afterEach(() => client.query('rollback'));

  test('sees what an open transaction has sent, and nobody else does', async () => {
    await client.query('begin');
    await client.query(
      `select pgrelay.notify('t.h', '{"id":7,"lines":[1,2],"to":{"city":"Rome","zip":"1"}}', p_dedup_key => 'k')`,
    );
    const [event] = await expectEvent(client, {
      channel: 't.h',
      payload: { id: 7, lines: [1, 2], to: { city: 'Rome' } },
      state: 'ready',
      dedupKey: 'k',
      count: 1,
    });
    expect(event).toMatchObject({ channel: 't.h', state: 'ready', attempt: 0, priority: 0, dedupKey: 'k', code: null });
    expect(event?.enqueuedAt).toBeInstanceOf(Date);
    await expectEvent(client, { channel: 't.h', payload: ({ id }: { id: number }) => id === 7 });
    await expectEvent(queryable, { channel: 't.h', count: 0 });
    await client.query('rollback');
    await expectEvent(client, { channel: 't.h', count: 0 });
  });

  test('says what there is, and where it differs', async () => {
    await client.query('begin');
    await client.query(
      `select pgrelay.notify('t.h', '{"id":8,"to":{"city":"Oslo"}}', now() + interval '1 hour'), pgrelay.notify('t.h', 'no JSON')`,
    );
    const text = await message(
      expectEvent(client, { channel: 't.h', payload: { id: 7, to: { city: 'Rome' } }, state: 'ready' }),
    );
    expect(text).toContain(
      'expected at least one event of channel "t.h" with payload {"id":7,"to":{"city":"Rome"}}, state "ready", found 0',
    );
    expect(text).toContain('payload.id is 8 instead of 7');
    expect(text).toContain('payload.to.city is "Oslo" instead of "Rome"');
    expect(text).toContain('state is "delayed" instead of "ready"');
    expect(text).toContain('payload is "no JSON" instead of');
    expect(await message(expectEvent(client, { channel: 't.other' }))).toContain('there are some of t.h (2)');
    expect(await message(expectEvent(client, { channel: 't.h', count: 1 }))).toMatch(
      /^expected 1 event of channel "t.h", found 2\n {2}fits: event/,
    );
    expect(await message(expectEvent(client, { channel: 't.h', payload: () => false }))).toContain(
      'not what the function wants',
    );
  });

  test.each([
    [
      [1, 2],
      [1, 2, 3],
    ],
    [{ a: null }, { a: undefined }],
    [null, {}],
    ['1', 1],
    [[{ a: 1 }], [{ a: 2 }]],
  ])('%j is not %j', async (expected, sent) => {
    await client.query('begin');
    await client.query("select pgrelay.notify('t.h', $1)", [JSON.stringify(sent)]);
    await message(expectEvent(client, { channel: 't.h', payload: expected }));
    await expectEvent(client, { channel: 't.h', payload: JSON.parse(JSON.stringify(sent)) });
  });
});

describe('runUntilIdle', () => {
  test('runs what is there and what that sends on, and says how all ended', async () => {
    await db.query("select pgrelay.notify('t.h', x::text) from generate_series(1, 3) x");
    const report = await runUntilIdle({
      connectionString: db.url,
      handlers: [
        defineHandler('t.h', async (event, ctx) => {
          if (event.payload === 3) return fail('three');
          await ctx.notify('t.next', event.payload);
          return event.payload === 2 && event.attempt === 1 ? retryIn(0) : undefined;
        }),
        defineHandler('t.next', async (event, ctx) => {
          if (event.payload > 0) await ctx.notify('t.next', event.payload - 1);
        }),
      ],
    });
    expect(report).toMatchObject({ done: 2 + 2 + 3 + 3, failed: 1, retried: 1, lost: 0, left: [] });
    await expectEvent(queryable, { channel: 't.h', state: 'failed', payload: 3, count: 1 });
    expect(await eventsOf(queryable)).toMatchObject([{ channel: 't.h', code: 'three', runAt: null }]);
    expect(await db.query('select from pgrelay.processors')).toEqual([]);
  });

  test('leaves what is for later, or runs it too; leaves what nobody runs, and says why', async () => {
    await db.query("select pgrelay.register_channel('t.paused', 'select 1'), pgrelay.pause_channel('t.paused')");
    await db.query(
      "select pgrelay.notify('t.h', '1', now() + interval '1 day'), pgrelay.notify('t.paused'), pgrelay.notify('t.other')",
    );
    const options = { connectionString: db.url, handlers: [defineHandler('t.h', async () => undefined)] };
    const report = await runUntilIdle(options);
    expect(report.done).toBe(0);
    expect(report.left.map(({ channel, events, reasons }) => [channel, events, reasons[0]?.reason])).toEqual([
      ['t.other', 1, 'no_handler'],
      ['t.paused', 1, 'channel_paused'],
    ]);
    expect((await runUntilIdle(options, { withDelayed: true, channels: ['t.h'] })).done).toBe(1);
    expect(await eventsOf(queryable, 't.h')).toEqual([]);
  });

  test('is bounded, and names what still runs', async () => {
    let end: () => void = () => undefined;
    await db.query("select pgrelay.notify('t.h')");
    const { processor } = await running(db, {
      handlers: [
        defineHandler(
          't.h',
          () =>
            new Promise<void>((resolve) => {
              end = resolve;
            }),
        ),
      ],
    });
    await expect(runUntilIdle(processor, { db: queryable, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'RELAY_TEST_NOT_IDLE',
      message: expect.stringMatching(/t\.h: 1 event, one of them claimed: slot/),
    });
    end();
    expect((await runUntilIdle(processor, { db: queryable })).left).toEqual([]);
    expect(processor.slot).toBeGreaterThan(0); // left running
    await expect(runUntilIdle(processor, {} as never)).rejects.toMatchObject({ code: 'RELAY_OPTION_INVALID' });
  });

  test('ends its Processor and its connection when it cannot start', async () => {
    const options = {
      connectionString: db.url,
      handlers: [defineHandler('t.unknown', async () => undefined)],
      channels: 'require',
    } as const;
    await expect(runUntilIdle(options)).rejects.toMatchObject({ code: 'RELAY_CHANNEL_UNKNOWN' });
  });
});

describe('the clock of a test database', () => {
  afterEach(async () => (await installTestClock(client, { database: db.name })).uninstall());

  test('is refused where it was not asked for', async () => {
    await expect(installTestClock(client, { database: 'shop' })).rejects.toMatchObject({
      code: 'RELAY_TEST_DATABASE',
      message: expect.stringContaining('"shop"'),
    });
    await expect(installTestClock(client, {} as never)).rejects.toMatchObject({ code: 'RELAY_TEST_DATABASE' });
    expect(await db.query("select from pg_namespace where nspname = 'pgrelay_test'")).toEqual([]);
  });

  test('moves: what is delayed is due, for those too who have a transaction open', async () => {
    const time = await installTestClock(client, { database: db.name });
    const before = await time.now();
    await db.query("select pgrelay.notify('t.h', '1', pgrelay.clock_now() + interval '1 day')");
    const options = { connectionString: db.url, handlers: [defineHandler('t.h', async () => undefined)] };
    expect((await runUntilIdle(options)).done).toBe(0);
    const other = await db.connect();
    await other.query('begin isolation level repeatable read; select 1');
    await time.advance(86_400_000);
    const { rows } = await other.query<{ ahead: boolean }>(
      "select pgrelay.clock_now() > clock_timestamp() + interval '23 hours' as ahead",
    );
    expect(rows).toEqual([{ ahead: true }]);
    await other.query('rollback');
    expect((await time.now()).getTime() - before.getTime()).toBeGreaterThanOrEqual(86_400_000);
    expect((await runUntilIdle(options)).done).toBe(1);
    for (const ms of [-1, Number.NaN, 1e15])
      await expect(time.advance(ms)).rejects.toMatchObject({ code: 'RELAY_OPTION_INVALID' });
  });

  test('makes retries due; who runs lives on, unless leases shall end', async () => {
    const time = await installTestClock(client, { database: db.name });
    const { processor, lines } = await running(db, {
      handlers: [defineHandler('t.h', async (event) => (event.attempt === 1 ? retryIn(3_600_000) : undefined))],
    });
    const [{ id } = { id: '' }] = await db.query<{ id: string }>("select pgrelay.notify('t.h')::text as id");
    await runUntilIdle(processor, { db: client });
    expect(await logOf(client, id)).toMatchObject([{ outcome: 'retried', attempt: 1, code: 'retry_asked' }]);
    await time.advance(3_600_000);
    await runUntilIdle(processor, { db: client });
    expect(await logOf(client, id)).toMatchObject([{ outcome: 'retried' }, { outcome: 'done', attempt: 2 }]);
    expect(lines.filter((line) => line.includes('lost'))).toEqual([]);
    expect(processor.slot).toBeGreaterThan(0);
    const dead = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('gone', 1, 'x', 600000, 1, '{}')",
    );
    await time.advance(700_000, { endLeases: true });
    await db.query('select pgrelay.bury_v1()');
    expect(await db.query("select from pgrelay.processors where host = 'gone'")).toEqual([]);
    expect(dead).toHaveLength(1);
  });

  test('goes as it came: the function is as it was, and nothing is left', async () => {
    const definition = () =>
      db.query(
        "select pg_get_functiondef(p.oid) as text, p.proowner::regrole::text as owner, p.proacl::text as rights from pg_proc p where p.oid = 'pgrelay.clock_now()'::regprocedure",
      );
    const before = await definition();
    const time = await installTestClock(client, { database: db.name });
    await time.advance(1_000);
    expect(await definition()).not.toEqual(before);
    const again = await installTestClock(client, { database: db.name }); // takes the one that is there over
    await again.uninstall();
    await time.uninstall();
    expect(await definition()).toEqual(before);
    expect(await db.query("select from pg_namespace where nspname = 'pgrelay_test'")).toEqual([]);
  });
});

describe('performHandler', () => {
  beforeAll(() =>
    db.query("create table stock (item text, n integer check (n >= 0)); insert into stock values ('a', 5)"),
  );
  beforeEach(() => client.query('begin'));
  afterEach(() => client.query('rollback'));

  test('runs a transactional handler with the real ctx; all of it is undone with the transaction', async () => {
    const reserve = defineHandler('p.reserve', { mode: 'transactional' }, async (event, ctx) => {
      await ctx.tx.query('update stock set n = n - $1 where item = $2', [event.payload.n, event.payload.item]);
      const code = await ctx.once('code', () => 'c1');
      await ctx.progress(1, 'half');
      await ctx.notify('t.other', { code, attempt: event.attempt, id: event.id });
      expect(ctx.signal.aborted).toBe(false);
    });
    const { eventId, ...rest } = await performHandler(reserve, { item: 'a', n: 2 }, { tx: client });
    expect(rest).toEqual({ outcome: 'done', code: null, sqlstate: null, error: undefined });
    await expectEvent(client, { channel: 't.other', payload: { code: 'c1', attempt: 1, id: eventId }, count: 1 });
    expect((await client.query('select n from stock')).rows).toEqual([{ n: 3 }]);
    expect(await logOf(client, eventId)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
    await client.query('rollback');
    expect(await logOf(client, eventId)).toEqual([]);
    expect(await db.query("select from pgrelay.channels where name = 'p.reserve'")).toEqual([]);
    expect(await db.query('select from pgrelay.processors')).toEqual([]);
  });

  test('an error is an outcome, what was written is undone, and the transaction goes on', async () => {
    const tooMany = defineHandler('p.fails', { mode: 'transactional' }, async (event, ctx) => {
      await ctx.notify('t.other');
      await ctx.tx.query('update stock set n = n - $1', [event.payload]);
    });
    expect(await performHandler(tooMany, 9, { tx: client })).toMatchObject({
      outcome: 'failed',
      code: 'handler_error',
      sqlstate: '23514',
      error: { constraint: 'stock_n_check' },
    });
    await expectEvent(client, { channel: 't.other', count: 0 });
    await expectEvent(client, { channel: 'p.fails', state: 'failed', payload: 9, count: 1 });
    const again = defineHandler('p.again', { retry: { delaysMs: [1_000] } }, async () => {
      throw new Error('away');
    });
    expect(await performHandler(again, 1, { tx: client })).toMatchObject({
      outcome: 'retried',
      error: { message: 'away' },
    });
    await expectEvent(client, { channel: 'p.again', state: 'delayed', count: 1 });
  });

  test('takes classes, batch handlers and text; a payload that does not fit fails as it does in a Processor', async () => {
    const GREETING = token<string>('test greeting');
    const said: unknown[] = [];
    class Greet {
      readonly #greeting: string;
      constructor(greeting: string) {
        this.#greeting = greeting;
      }
      async handle(event: RelayEvent<string>) {
        said.push(`${this.#greeting} ${event.payload}`);
      }
    }
    inject(GREETING)(Greet as never, undefined as never, 0);
    handler('p.class')(Greet as never);
    const provide = [{ token: GREETING, useValue: 'hello' }];
    expect(await performHandler(Greet as never, 'you', { tx: client, provide })).toMatchObject({ outcome: 'done' });
    const batch = defineHandler('p.batch', { batch: 10 }, async (events) => {
      said.push(events.map(({ payload }) => payload));
      return [fail('no')];
    });
    expect(await performHandler(batch, 1, { tx: client })).toMatchObject({ outcome: 'failed', code: 'no' });
    const text = defineHandler('p.text', { payload: 'text' }, async ({ payload }) => void said.push(payload));
    await performHandler(text, '{', { tx: client });
    expect(said).toEqual(['hello you', [1], '{']);
    const json = defineHandler('p.json', async () => undefined);
    await expect(performHandler(json, 1n, { tx: client })).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
  });

  test('needs an open transaction, and a channel that the handler can serve', async () => {
    await client.query('rollback');
    const any = defineHandler('t.h', async () => undefined);
    await expect(performHandler(any, 1, { tx: client })).rejects.toMatchObject({
      code: 'RELAY_TRANSACTION_INVALID',
      hint: expect.stringContaining('begin'),
    });
    await client.query('begin');
    await expect(
      performHandler(
        defineHandler('t.h', { mode: 'transactional' }, async () => undefined),
        1,
        { tx: client },
      ),
    ).rejects.toMatchObject({
      code: 'RELAY_HANDLER_INVALID',
    });
    await client.query("rollback; begin; select pgrelay.pause_channel('t.h')");
    await expect(performHandler(any, 1, { tx: client })).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
  });
});
