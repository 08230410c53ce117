import {
  type BatchContext,
  type ChannelDefinition,
  createClient,
  defineChannel,
  defineHandler,
  handler,
  type RelayEvent,
} from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

interface Order {
  customer: { email: string };
  lines: { pieces: number }[];
}

/** A schema that asks somebody else, and says what it was asked. */
const remote: StandardSchemaV1<Order, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      const { customer, lines } = value as Order;
      await new Promise((resolve) => setImmediate(resolve));
      const wrong = lines.flatMap(({ pieces }, index) =>
        typeof pieces === 'number'
          ? []
          : [{ message: `${customer.email} ordered "${pieces}"`, path: ['lines', { key: index }, 'pieces'] }],
      );
      return wrong.length === 0 ? { value: value as Order } : { issues: wrong };
    },
  },
};

const canary = 'CANARY 4b.1';
const good: Order = { customer: { email: 'ada@example.com' }, lines: [{ pieces: 1 }, { pieces: 2 }] };
const bad = { customer: { email: 'ada@example.com' }, lines: [{ pieces: 1 }, { pieces: canary }] } as unknown as Order;
const register = (name: string) => db.query('select pgrelay.register_channel($1)', [name]);
const sent = (name: string) => db.query('select id::text from pgrelay.events where channel = $1 order by id', [name]);

describe.each<[string, StandardSchemaV1<Order, Order>]>([
  ['zod', z.object({ customer: z.object({ email: z.string() }), lines: z.array(z.object({ pieces: z.number() })) })],
  [
    'valibot',
    v.object({ customer: v.object({ email: v.string() }), lines: v.array(v.object({ pieces: v.number() })) }),
  ],
  ['arktype', type({ customer: { email: 'string' }, lines: type({ pieces: 'number' }).array() })],
  ['an asynchronous schema', remote],
])('a payload checked by %s', (library, payload) => {
  const order = defineChannel(`order.${library}`, { payload });
  beforeAll(() => register(order.name));

  test('is refused before it is sent; the error names the field and has no value of the payload', async () => {
    const refused = await client.notify(order, bad).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'RelayError', code: 'RELAY_PAYLOAD_INVALID', hint: expect.any(String) });
    const { message } = refused as Error;
    expect(message).toMatch(/^the payload for channel "order\..*" does not fit its schema: lines\[1\]\.pieces: \S/);
    expect(message).not.toMatch(/CANARY|4b|ada/);
    expect(JSON.stringify(refused) + (refused as Error).stack).not.toContain('CANARY');
    const event = client.notifyMany(order, [{ payload: good }, { payload: bad, priority: 1 }]);
    await expect(event).rejects.toMatchObject({
      code: 'RELAY_PAYLOAD_INVALID',
      message: expect.stringMatching(/^event 2 of 2: the payload for channel .* lines\[1\]\.pieces: /),
    });
    expect(await sent(order.name)).toEqual([]);
  });

  test('is sent when it fits, and is a failed event that names the field when SQL sent another', async () => {
    const seen: Order[] = [];
    await running(db, { handlers: [defineHandler(order, (event) => void seen.push(event.payload))] });
    await client.notify(order, good);
    await db.query('select pgrelay.notify($1, $2)', [order.name, JSON.stringify(bad)]);
    await untilIdle(db, order.name);
    expect(seen).toEqual([good]);
    const failed = await db.query('select code, message from pgrelay.failed where channel = $1', [order.name]);
    expect(failed).toEqual([
      { code: 'payload_invalid', message: expect.stringMatching(/^lines\[1\]\.pieces: [^4]+$/) },
    ]);
    const log = await db.query('select x::text as row, outcome, code, sqlstate from pgrelay.log x where channel = $1', [
      order.name,
    ]);
    expect(log).toEqual(
      expect.arrayContaining([expect.objectContaining({ outcome: 'failed', code: 'payload_invalid', sqlstate: null })]),
    );
    expect(JSON.stringify(log)).not.toMatch(/CANARY|pieces/);
  });
});

describe('a definition', () => {
  test('in the list of a client also checks where the channel is named; other names take anything', async () => {
    const typed = defineChannel('d.typed', { payload: z.object({ id: z.number() }) });
    await register('d.typed');
    await register('d.other');
    const knowing = createClient({ connectionString: db.url, channels: [typed] });
    try {
      await expect(knowing.notify('d.typed', { id: 'x' as unknown as number })).rejects.toMatchObject({
        code: 'RELAY_PAYLOAD_INVALID',
        message: expect.stringContaining(': id: '),
      });
      const dynamic: string = 'd.typed';
      await expect(knowing.notify(dynamic, 'x')).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
      await expect(knowing.notifyMany('d.typed', [{ payload: { id: Number.NaN } }])).rejects.toMatchObject({
        code: 'RELAY_PAYLOAD_INVALID',
      });
      await knowing.notify('d.typed', { id: 1 });
      await knowing.notify('d.other', 'anything');
      await client.notify('d.typed', 'a client that does not know it');
    } finally {
      await knowing.close();
    }
    expect(await sent('d.typed')).toHaveLength(2);
    expect(await sent('d.other')).toHaveLength(1);
  });

  test('is refused where it cannot work', () => {
    const schema = z.string();
    const wrong = (make: () => unknown, code: string) => expect(make).toThrow(expect.objectContaining({ code }));
    wrong(() => defineChannel('', { payload: schema }), 'RELAY_CHANNEL_INVALID');
    wrong(() => defineChannel('x', { payload: {} as typeof schema }), 'RELAY_CHANNEL_INVALID');
    wrong(() => defineChannel('x', { payload: String as unknown as typeof schema }), 'RELAY_CHANNEL_INVALID');
    wrong(
      () => defineHandler('x', { payload: String as unknown as typeof schema }, () => undefined),
      'RELAY_HANDLER_INVALID',
    );
    const twice = [defineChannel('x', { payload: schema }), defineChannel('x', { payload: z.number() })];
    wrong(() => createClient({ connectionString: db.url, channels: twice }), 'RELAY_OPTION_INVALID');
  });

  test('sends the payload as it was given; the handler gets what the schema makes of it', async () => {
    const order = defineChannel('d.made', {
      payload: z.object({ at: z.coerce.date(), note: z.string().default('none') }),
    });
    const seen: unknown[] = [];
    await running(db, {
      handlers: [defineHandler(order, { mode: 'transactional' }, (event) => void seen.push(event.payload))],
    });
    const at = new Date('2026-01-02T03:04:05.678Z');
    await client.notify(order, { at }, { delayMs: 3_600_000 });
    const waiting = await payloads('d.made');
    expect(waiting).toEqual(['{"at":"2026-01-02T03:04:05.678Z"}']);
    await client.notify(order, { at });
    await until(async () => seen.length === 1, 'the handler was called');
    expect(seen).toEqual([{ at, note: 'none' }]);
  });

  test('is checked against the JSON that the handler will read', async () => {
    const text = defineChannel('d.json', { payload: z.object({ at: z.iso.datetime() }) });
    await register('d.json');
    await client.notify(text, { at: new Date(0) as unknown as string });
    const none = defineChannel('d.none', { payload: z.null() });
    await register('d.none');
    await client.notify(none, undefined as unknown as null);
    const date = defineChannel('d.json', { payload: z.object({ at: z.date() }) });
    await expect(client.notify(date, { at: new Date(0) })).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
    expect(await payloads('d.json')).toEqual(['{"at":"1970-01-01T00:00:00.000Z"}']);
    expect(await payloads('d.none')).toEqual([null]);
  });

  test('of a class handler types and checks its payload', async () => {
    const greet = defineChannel('d.class', { payload: z.object({ name: z.string() }) });
    const seen: string[] = [];
    @handler(greet, { mode: 'transactional' })
    class Greet {
      handle(event: RelayEvent<{ name: string }>): void {
        seen.push(event.payload.name);
      }
    }
    await running(db, { handlers: [Greet] });
    await client.notify(greet, { name: 'Ada' });
    await client.notify(greet.name, { name: 1 });
    await untilIdle(db, 'd.class');
    expect(seen).toEqual(['Ada']);
    expect(await db.query("select code, message from pgrelay.failed where channel = 'd.class'")).toEqual([
      { code: 'payload_invalid', message: expect.stringMatching(/^name: /) },
    ]);
  });
});

describe('ctx.notify', () => {
  test.each(['leased', 'transactional', 'batch'] as const)(
    'of a %s handler checks payloads for channels that this Processor has handlers for, and for definitions',
    async (kind) => {
      const parent = `c.parent.${kind}`;
      const child = defineHandler(`c.child.${kind}`, { payload: z.object({ id: z.number() }) }, () => undefined);
      const elsewhere = defineChannel(`c.elsewhere.${kind}`, { payload: z.object({ key: z.string() }) });
      await register(elsewhere.name);
      const messages: string[] = [];
      const refusal = async (sending: Promise<unknown>) => {
        const error = (await sending.catch((reason: unknown) => reason)) as Error & { code?: string };
        messages.push(`${error.code} ${error.message}`);
      };
      const work = async (ctx: BatchContext) => {
        await refusal(ctx.notify(child.channel, { id: canary }));
        await refusal(ctx.notifyMany(child.channel, [{ payload: { id: 1 } }, { payload: { id: canary } }]));
        await refusal(ctx.notify(elsewhere, { key: 1 as unknown as string }));
        await ctx.notify(child.channel, { id: 7 });
        await ctx.notify(elsewhere, { key: 'k' });
      };
      const parentHandler =
        kind === 'batch'
          ? defineHandler(parent, { batch: 5 }, async (_events, ctx) => work(ctx))
          : defineHandler(parent, { mode: kind }, async (_event, ctx) => work(ctx));
      await running(db, { handlers: [parentHandler, child] });
      await client.notify(parent);
      await untilIdle(db, parent, child.channel);
      expect(messages).toEqual([
        expect.stringMatching(/^RELAY_PAYLOAD_INVALID the payload .*: id: /),
        expect.stringMatching(/^RELAY_PAYLOAD_INVALID event 2 of 2: .*: id: /),
        expect.stringMatching(/^RELAY_PAYLOAD_INVALID the payload .*: key: /),
      ]);
      expect(messages.join()).not.toContain('CANARY');
      expect(await outcomes(db, parent)).toMatchObject([{ outcome: 'done' }]);
      expect(await outcomes(db, child.channel)).toMatchObject([{ outcome: 'done' }]);
      expect(await sent(elsewhere.name)).toHaveLength(1);
    },
  );
});

test('what is sent one after the other stays in that order, also with a schema', async () => {
  const numbered = defineChannel('s.order', { payload: z.number() });
  await register('s.order');
  const channels = Array.from({ length: 20 }, (_, i): string | ChannelDefinition =>
    i % 2 === 0 ? numbered : 's.order',
  );
  const parent = defineHandler('s.parent', { mode: 'transactional' }, async (_event, ctx) => {
    await Promise.all(channels.map((channel, index) => ctx.notify(channel, index)));
  });
  await running(db, { handlers: [parent] });
  await client.notify('s.parent');
  await untilIdle(db, 's.parent');
  expect(await payloads('s.order')).toEqual(channels.map((_, index) => String(index)));
});

test('of many wrong fields the first five are named and the rest is counted', async () => {
  const wide = defineChannel('s.wide', { payload: z.record(z.string(), z.number()) });
  const payload = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`odd key ${i}`, 'x'])) as never;
  await expect(client.notify(wide, payload)).rejects.toMatchObject({
    message: expect.stringMatching(/: \["odd key 0"\]: .*; \["odd key 4"\]: [^;]*; and 4 more$/),
  });
});

async function payloads(channel: string): Promise<unknown[]> {
  await db.query('set role pgrelay_owner');
  const rows = await db.query(
    `select x.payload from (select id, channel_id, payload from pgrelay.queue union all select id, channel_id, payload from pgrelay.delayed) x
     join pgrelay.channel c on c.id = x.channel_id where c.name = $1 order by x.id`,
    [channel],
  );
  await db.query('reset role');
  return rows.map((row) => row['payload']);
}
