import {
  cancel,
  complete,
  createClient,
  defineHandler,
  fail,
  type HandlerResult,
  retryIn,
  snooze,
} from '@pgrelay/relay-core';
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

describe.each(['leased', 'transactional'] as const)('a %s handler', (mode) => {
  const table: readonly (readonly [string, () => HandlerResult, string, string | null])[] = [
    ['nothing', () => undefined, 'done', null],
    ['complete()', () => complete(), 'done', null],
    ['fail()', () => fail('no_stock', 'none left'), 'failed', 'no_stock'],
    ['cancel()', () => cancel('unwanted'), 'cancelled', 'unwanted'],
    ['retryIn()', () => retryIn(3_600_000), 'retried', 'retry_asked'],
    ['snooze()', () => snooze(3_600_000), 'snoozed', null],
    ['something else', () => 'text' as unknown as undefined, 'failed', 'handler_error'],
    [
      'a throw',
      () => {
        throw new Error('boom');
      },
      'failed',
      'handler_error',
    ],
    [
      'a serialization failure',
      () => {
        throw Object.assign(new Error('conflict'), { code: '40001' });
      },
      'retried',
      'handler_error',
    ],
    [
      'a serialization failure inside the error of a library',
      () => {
        throw new Error('query failed', { cause: Object.assign(new Error('conflict'), { code: '40001' }) });
      },
      'retried',
      'handler_error',
    ],
  ];

  test.each(table)('that returns %s', async (name, result, outcome, code) => {
    const channel = `o.${mode}.${name}`;
    await running(db, { handlers: [defineHandler(channel, { mode }, () => result())] });
    await client.notify(channel, { a: 1 });
    await until(async () => (await outcomes(db, channel)).length === 1, 'the attempt ended');
    expect(await outcomes(db, channel)).toMatchObject([{ outcome, code, attempt: 1 }]);
  });
});

describe('the payload', () => {
  test('is parsed JSON, the text itself, or what a Standard Schema makes of it', async () => {
    const seen: unknown[] = [];
    await running(db, {
      handlers: [
        defineHandler('y.json', (event) => void seen.push(event.payload)),
        defineHandler('y.text', { payload: 'text' }, (event) => void seen.push(event.payload)),
        defineHandler(
          'y.schema',
          { payload: z.object({ id: z.coerce.number() }) },
          (event) => void seen.push(event.payload.id),
        ),
      ],
    });
    await client.notify('y.json', { a: [1, null] });
    await client.notify('y.json');
    await db.query("select pgrelay.notify('y.text', 'not json')");
    await client.notify('y.schema', { id: '7' });
    await untilIdle(db, 'y.json', 'y.text', 'y.schema');
    expect(seen).toEqual(expect.arrayContaining([{ a: [1, null] }, null, 'not json', 7]));
  });

  test('that cannot be read is a failed event with its own code, naming the field', async () => {
    await running(db, {
      handlers: [
        defineHandler('y.bad', () => undefined),
        defineHandler('y.wrong', { payload: z.object({ order: z.object({ id: z.number() }) }) }, () => undefined),
      ],
    });
    await db.query("select pgrelay.notify('y.bad', '{')");
    await client.notify('y.wrong', { order: { id: 'x' } });
    await untilIdle(db, 'y.bad', 'y.wrong');
    expect(
      await db.query("select channel, code, message from pgrelay.failed where channel like 'y.%' order by 1"),
    ).toMatchObject([
      { channel: 'y.bad', code: 'payload_not_json' },
      { channel: 'y.wrong', code: 'payload_invalid', message: expect.stringMatching(/^order\.id: /) },
    ]);
  });
});

describe('createClient', () => {
  test('sends in the transaction it is given', async () => {
    await db.query("select pgrelay.register_channel('y.tx')");
    const tx = await db.connect();
    await tx.query('begin');
    await client.notify('y.tx', 1, { tx });
    await tx.query('rollback');
    expect(await db.query("select from pgrelay.events where channel = 'y.tx'")).toEqual([]);
  });

  test('passes priority, delay and dedup key on', async () => {
    await db.query("select pgrelay.register_channel('y.options')");
    const a = await client.notify('y.options', 1, { delayMs: 3_600_000, priority: 3, dedupKey: 'k' });
    expect(await client.notify('y.options', 2, { runAt: new Date('2999-01-01'), dedupKey: 'k' })).toBe(a);
    expect(
      await db.query(
        "select state, priority, dedup_key, run_at > now() + interval '50 minutes' as later from pgrelay.events where channel = 'y.options'",
      ),
    ).toEqual([{ state: 'delayed', priority: 3, dedup_key: 'k', later: true }]);
  });

  test('sends many at once, in order, each with its own options; all of them or none', async () => {
    await db.query("select pgrelay.register_channel('y.many')");
    const ids = await client.notifyMany('y.many', [
      { payload: { n: 1 } },
      { payload: 'later', delayMs: 3_600_000, priority: 2, dedupKey: 'k' },
      {},
      { payload: 4, runAt: new Date('2999-01-01') },
    ]);
    expect(
      await db.query(
        "select e.id::text, e.state, e.priority, coalesce(q.payload, d.payload) as payload from pgrelay.events e left join pgrelay.queue q using (id) left join pgrelay.delayed d using (id) where e.channel = 'y.many' order by e.id",
      ),
    ).toEqual([
      { id: ids[0], state: 'ready', priority: 0, payload: '{"n":1}' },
      { id: ids[1], state: 'delayed', priority: 2, payload: '"later"' },
      { id: ids[2], state: 'ready', priority: 0, payload: null },
      { id: ids[3], state: 'delayed', priority: 0, payload: '4' },
    ]);
    expect(await client.notifyMany('y.many', [])).toEqual([]);
    await expect(client.notifyMany('y.many', [{ payload: 1 }, { payload: 2n }])).rejects.toMatchObject({
      code: 'RELAY_PAYLOAD_INVALID',
    });
    await expect(client.notifyMany('y.many', [{ payload: 1, priority: 1e6 }])).rejects.toMatchObject({
      code: 'RELAY_ARGUMENT_INVALID',
    });
    const tx = await db.connect();
    await tx.query('begin');
    await client.notifyMany('y.many', [{ payload: 1 }, { payload: 2 }], { tx });
    await tx.query('rollback');
    expect(await db.query("select from pgrelay.events where channel = 'y.many'")).toHaveLength(4);
  });

  test.each(['leased', 'transactional'] as const)('ctx.notifyMany of a %s handler', async (mode) => {
    const channel = `y.parent.${mode}`;
    await db.query(`select pgrelay.register_channel('y.child.${mode}')`);
    await running(db, {
      handlers: [
        defineHandler(channel, { mode }, async (event, ctx) => {
          await ctx.notifyMany(`y.child.${mode}`, [{ payload: 1 }, { payload: 2 }]);
          return event.payload === 'fail' && mode === 'transactional' ? fail('no') : complete();
        }),
      ],
    });
    await client.notify(channel, 'ok');
    await client.notify(channel, 'fail');
    await untilIdle(db, channel);
    const children = await db.query(`select from pgrelay.events where channel = 'y.child.${mode}'`);
    expect(children).toHaveLength(mode === 'transactional' ? 2 : 4);
  });

  test('has coded errors', async () => {
    await expect(client.notify('y.unknown')).rejects.toMatchObject({
      code: 'RELAY_CHANNEL_UNKNOWN',
      hint: expect.any(String),
    });
    await expect(client.notify('y.tx', 10n)).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
    await expect(client.notify('y.tx', () => 1)).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
    await expect(client.notify('y.tx', 1, { priority: 1e6 })).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
    await expect(client.notify('y.tx', 'x'.repeat(2 ** 20))).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_TOO_LARGE' });
  });
});
