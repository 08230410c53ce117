import { createClient, defineHandler, type HandlerDefinition, type RelayEvent, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

/** Looks are an hour apart but for one: what runs after it was found by the Processor that freed the permit. */
const withoutLooks = { pollIntervalMs: 3_600_000 };

describe('option limits', () => {
  test.each([
    [null, 'limits'],
    [{}, 'limits'],
    [{ fifo: false, fair: false }, 'limits'],
    [{ concurency: 3 }, 'limits.concurency'],
    [{ concurrency: 0 }, 'limits.concurrency'],
    [{ keyConcurrency: 1.5 }, 'limits.keyConcurrency'],
    [{ fifo: true, keyConcurrency: 2 }, 'limits.keyConcurrency'],
    [{ fifo: 'yes' }, 'limits.fifo'],
    [{ rate: 5 }, 'limits.rate'],
    [{ concurrency: 5, ratePeriodMs: 1_000 }, 'limits.rate'],
    [{ rate: 5, ratePeriodMs: 99 }, 'limits.ratePeriodMs'],
  ])('%j is refused where the handler is defined', (limits, name) => {
    const define = () => defineHandler('x', { limits } as object, () => undefined);
    expect(define).toThrow(expect.objectContaining({ code: 'RELAY_HANDLER_INVALID', hint: expect.any(String) }));
    expect(define).toThrow(`: ${name} is`);
  });

  test.each(['', 'k'.repeat(201), 'é'.repeat(101), 'a\0b', 7])(
    'key %j is refused before anything is sent',
    async (key) => {
      await expect(client.notify('x', null, { key: key as string })).rejects.toMatchObject({
        code: 'RELAY_ARGUMENT_INVALID',
        message: expect.stringContaining('key is no text of 1 to 200 octets'),
      });
    },
  );
});

describe('a limited channel', () => {
  const kinds: [
    string,
    (channel: string, run: (events: readonly RelayEvent[]) => Promise<void>) => HandlerDefinition,
  ][] = [
    ['leased', (channel, run) => defineHandler(channel, { limits: { concurrency: 2 } }, (event) => run([event]))],
    [
      'transactional',
      (channel, run) =>
        defineHandler(channel, { mode: 'transactional', limits: { concurrency: 2 } }, (event) => run([event])),
    ],
    ['batch', (channel, run) => defineHandler(channel, { batch: 5, concurrency: 3, limits: { concurrency: 2 } }, run)],
  ];

  test.each(kinds)('%s: drains without another look, never above its limit', async (kind, define) => {
    const channel = `w.${kind}`;
    let now = 0;
    let most = 0;
    const handler = define(channel, async (events) => {
      now += events.length;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= events.length;
    });
    await db.query('select pgrelay.register_channel($1, p_mode => $2)', [
      channel,
      kind === 'transactional' ? 'transactional' : 'leased',
    ]);
    await client.notifyMany(
      channel,
      Array.from({ length: 150 }, () => ({})),
    );
    await running(db, { handlers: [handler], workers: 2, ...withoutLooks });
    await untilIdle(db, channel);
    expect(most).toBe(2);
  });

  test('in order: a handler sees the key, and an event that asks for a retry comes back before the next of its key', async () => {
    const seen: string[] = [];
    await db.query("select pgrelay.register_channel('w.fifo')");
    await client.notifyMany(
      'w.fifo',
      [1, 2, 3].flatMap((n) => ['a', 'b'].map((key) => ({ payload: n, key }))),
    );
    await running(db, {
      handlers: [
        defineHandler('w.fifo', { limits: { fifo: true } }, (event) => {
          seen.push(`${event.key}${event.payload}.${event.attempt}`);
          return event.payload === 2 && event.attempt === 1 ? retryIn(20) : undefined;
        }),
      ],
    });
    await untilIdle(db, 'w.fifo');
    const of = (key: string) => seen.filter((one) => one.startsWith(key));
    expect(of('a')).toEqual(['a1.1', 'a2.1', 'a2.2', 'a3.1']);
    expect(of('b')).toEqual(['b1.1', 'b2.1', 'b2.2', 'b3.1']);
  });

  test('with a rate: sleeps until the next may start, though looks are far apart', async () => {
    await db.query("select pgrelay.register_channel('w.rate')");
    await client.notifyMany(
      'w.rate',
      Array.from({ length: 12 }, () => ({})),
    );
    const rate = { rate: 4, ratePeriodMs: 300 };
    await running(db, { handlers: [defineHandler('w.rate', { limits: rate }, () => undefined)], ...withoutLooks });
    await untilIdle(db, 'w.rate');
    expect(
      await db.query("select rate, rate_period::text as period, declared from pgrelay.limits where channel = 'w.rate'"),
    ).toEqual([{ rate: 4, period: '00:00:00.3', declared: true }]);
  });

  test('that nobody serves is not claimed by a Processor without its handler', async () => {
    await db.query("select pgrelay.register_channel('w.unserved')");
    await db.query("select pgrelay.set_limits('w.unserved', p_concurrency => 1)");
    await client.notify('w.unserved', 1);
    await db.query("select pgrelay.register_channel('w.served')");
    const { processor } = await running(db, { handlers: [defineHandler('w.served', () => undefined)] });
    await client.notify('w.served', 1);
    await untilIdle(db, 'w.served');
    await until(async () => processor.slot !== undefined, 'it works');
    expect(await db.query("select state from pgrelay.events where channel = 'w.unserved'")).toEqual([
      { state: 'ready' },
    ]);
  });
});
