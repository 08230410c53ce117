import { cancel, createClient, defineHandler, fail, handler, retryIn, snooze } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

/** Sends events before the Processor starts, so that they come in full batches. */
async function send(channel: string, payloads: readonly unknown[]): Promise<string[]> {
  await db.query('select pgrelay.register_channel($1)', [channel]);
  return client.notifyMany(
    channel,
    payloads.map((payload) => ({ payload })),
  );
}

describe('a batch handler', () => {
  test('gets up to so many events in one call, in order, one call at a time by default', async () => {
    const ids = await send('b.sizes', [...Array(25).keys()]);
    const calls: string[][] = [];
    let now = 0;
    let most = 0;
    await running(db, {
      workers: 2,
      handlers: [
        defineHandler('b.sizes', { batch: 10 }, async (events) => {
          now += 1;
          most = Math.max(most, now);
          calls.push(events.map((event) => event.id));
          await db.query('select pg_sleep(0.02)');
          now -= 1;
        }),
      ],
    });
    await untilIdle(db, 'b.sizes');
    expect(calls.map((call) => call.length)).toEqual([10, 10, 5]);
    expect(calls.flat()).toEqual(ids);
    expect(most).toBe(1);
    expect(await outcomes(db, 'b.sizes')).toHaveLength(25);
  });

  test('concurrency lets several calls run at once', async () => {
    await send('b.several', [...Array(30).keys()]);
    let now = 0;
    await running(db, {
      handlers: [
        defineHandler('b.several', { batch: 10, concurrency: 3 }, async () => {
          now += 1;
          await until(async () => now === 3, 'all three calls run');
        }),
      ],
    });
    await untilIdle(db, 'b.several');
    expect(await outcomes(db, 'b.several')).toHaveLength(30);
  });

  test('gives each event an end of its own', async () => {
    const ids = await send('b.each', ['done', 'fail', 'cancel', 'retry', 'snooze', 'error', 'conflict', 'odd']);
    await running(db, {
      handlers: [
        defineHandler('b.each', { batch: 100, payload: z.string() }, (events) =>
          events.map(({ payload }) => {
            if (payload === 'fail') return fail('no_stock');
            if (payload === 'cancel') return cancel();
            if (payload === 'retry') return retryIn(3_600_000);
            if (payload === 'snooze') return snooze(3_600_000);
            if (payload === 'error') return new Error('boom');
            if (payload === 'conflict') return Object.assign(new Error('again'), { code: '40001' });
            return payload === 'odd' ? ('text' as unknown as undefined) : undefined;
          }),
        ),
      ],
    });
    const rows = async () =>
      db.query<{ event_id: string; outcome: string }>(
        "select event_id::text, outcome, code from pgrelay.log where channel = 'b.each' order by event_id",
      );
    await until(async () => (await rows()).length === ids.length, 'all ended');
    expect(await rows()).toEqual(
      [
        ['done', null],
        ['failed', 'no_stock'],
        ['cancelled', 'cancel_asked'],
        ['retried', 'retry_asked'],
        ['snoozed', null],
        ['failed', 'handler_error'],
        ['retried', 'handler_error'],
        ['failed', 'handler_error'],
      ].map(([outcome, code], i) => ({ event_id: ids[i], outcome, code })),
    );
  });

  test('what it throws, too few results, and the time being up end all of them', async () => {
    for (const name of ['throws', 'few', 'late']) await send(`b.${name}`, [1, 2]);
    await running(db, {
      handlers: [
        defineHandler('b.throws', { batch: 5 }, () => {
          throw new Error('boom');
        }),
        defineHandler('b.few', { batch: 5 }, () => [undefined]),
        defineHandler(
          'b.late',
          { batch: 5, timeoutMs: 50 },
          (_events, ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
        ),
      ],
    });
    await untilIdle(db, 'b.throws', 'b.few', 'b.late');
    const failed = (code: string) => [1, 2].map(() => expect.objectContaining({ outcome: 'failed', code }));
    expect(await outcomes(db, 'b.throws')).toEqual(failed('handler_error'));
    expect(await outcomes(db, 'b.few')).toEqual(failed('handler_error'));
    expect(await outcomes(db, 'b.late')).toEqual(failed('handler_timeout'));
  });

  test('does not see events whose payload cannot be read', async () => {
    await send('b.payload', [1, 'x', 3]);
    const seen: unknown[] = [];
    await running(db, {
      handlers: [
        defineHandler('b.payload', { batch: 5, payload: z.number() }, (events) => {
          seen.push(...events.map((event) => event.payload));
          return events.map((event) => (event.payload === 3 ? cancel('three') : undefined));
        }),
      ],
    });
    await untilIdle(db, 'b.payload');
    expect(seen).toEqual([1, 3]);
    const codes = await db.query("select code from pgrelay.log where channel = 'b.payload' order by event_id");
    expect(codes).toEqual([{ code: null }, { code: 'payload_invalid' }, { code: 'three' }]);
  });

  test('is refused where it cannot work', () => {
    const nothing = () => undefined;
    for (const options of [{ batch: 0 }, { batch: 1.5 }, { batch: 1001 }, { batch: 5, mode: 'transactional' as const }])
      expect(() => defineHandler('b.x', options, nothing)).toThrow(
        expect.objectContaining({ code: 'RELAY_HANDLER_INVALID' }),
      );
    expect(() => handler('b.x', { batch: 5 })).toThrow(expect.objectContaining({ code: 'RELAY_HANDLER_INVALID' }));
  });
});
