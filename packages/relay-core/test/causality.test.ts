import { createClient, defineHandler, fail, type RelayClient } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { running, untilIdle } from './support/running.js';

const db = useDatabase();
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let relay: RelayClient;
beforeAll(() => {
  relay = createClient({ connectionString: db.url });
});
afterAll(() => relay.close());

const lineage = (id: string) =>
  db.query<{ event_id: string; parent_id: string | null; channel: string; traceparent: string | null }>(
    'select event_id::text, parent_id::text, channel, traceparent from pgrelay.lineage($1)',
    [id],
  );

test.each(['leased', 'transactional'] as const)(
  'what ctx.notify and ctx.notifyMany of a %s handler send has the event for its parent, and its trace',
  async (mode) => {
    const [first, second] = [`k.${mode}`, `k.${mode}.child`];
    const traces: unknown[] = [];
    await running(db, {
      handlers: [
        defineHandler(first, { mode }, async (_event, ctx) => {
          traces.push(await ctx.traceparent());
          await ctx.notify(second, 1);
          await ctx.notifyMany(second, [{ payload: 2 }, { payload: 3 }]);
        }),
        defineHandler(second, async (_event, ctx) => void traces.push(await ctx.traceparent())),
      ],
    });
    const id = await relay.notify(first, 'x', { traceparent: trace });
    await until(async () => traces.length === 4, 'all of them have run');
    expect(traces).toEqual([trace, trace, trace, trace]);
    await untilIdle(db, first, second);
    const family = await lineage(id);
    expect(family.map(({ parent_id, channel, traceparent }) => [parent_id, channel, traceparent])).toEqual([
      [null, first, trace],
      [id, second, trace],
      [id, second, trace],
      [id, second, trace],
    ]);
  },
);

test('an event without a trace has none, and what is no traceparent is refused', async () => {
  const traces: unknown[] = [];
  await running(db, {
    handlers: [defineHandler('k.plain', async (_event, ctx) => void traces.push(await ctx.traceparent()))],
  });
  const [one] = await relay.notifyMany('k.plain', [{ payload: 1 }], { traceparent: trace });
  await relay.notify('k.plain', 2);
  await until(async () => traces.length === 2, 'both have run');
  expect(traces.sort()).toEqual([trace, undefined]);
  expect(await lineage(one ?? '')).toMatchObject([{ traceparent: trace }]);
  for (const wrong of ['x', '', 7 as never])
    await expect(relay.notify('k.plain', 3, { traceparent: wrong })).rejects.toMatchObject({
      code: 'RELAY_ARGUMENT_INVALID',
    });
});

test('a handler that feeds itself at once is stopped', async () => {
  const url = new URL(db.url);
  url.searchParams.set('options', '-c pgrelay.max_depth=3');
  await running(db, {
    connectionString: url.href,
    handlers: [defineHandler('k.loop', (_event, ctx) => ctx.notify('k.loop').then(() => undefined))],
  });
  await relay.notify('k.loop');
  await untilIdle(db, 'k.loop');
  expect(await db.query("select outcome, code from pgrelay.log where channel = 'k.loop' order by event_id")).toEqual([
    ...Array.from({ length: 3 }, () => ({ outcome: 'done', code: null })),
    { outcome: 'failed', code: expect.any(String) },
  ]);
});

test('notifyAndWait gives the end of the event: done, failed or cancelled', async () => {
  await running(db, {
    handlers: [
      defineHandler('k.done', () => undefined),
      defineHandler('k.fails', () => fail('no_such_card')),
      defineHandler('k.waits', (_event, ctx) => {
        const { signal } = ctx;
        return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }),
    ],
  });
  expect(await relay.notifyAndWait('k.done', 'x')).toEqual({
    id: expect.stringMatching(/^\d+$/),
    outcome: 'done',
    attempt: 1,
    code: null,
    sqlstate: null,
  });
  expect(await relay.notifyAndWait('k.fails')).toMatchObject({ outcome: 'failed', code: 'no_such_card' });
  const late = await relay.notifyAndWait('k.waits', 'x', { timeoutMs: 50 }).catch((error: unknown) => error);
  expect(late).toMatchObject({
    code: 'RELAY_WAIT_TIMEOUT',
    message: expect.stringMatching(/^event \d+ has not ended/),
  });
  const id = /\d+/.exec(String(late))?.[0] ?? '';
  await until(
    async () => (await relay.explain(id))[0]?.reason === 'claimed',
    'the timeout ended the wait, and not the event',
  );
  const waiting = relay.notifyAndWait('k.waits', 'y');
  const second = await until(async () => {
    const rows = await db.query<{ id: string }>(
      "select id::text from pgrelay.events where channel = 'k.waits' and state = 'claimed' and id <> $1",
      [id],
    );
    return rows[0]?.id;
  }, 'the second one runs');
  for (const each of [id, second]) await db.query('select pgrelay.cancel($1)', [each]);
  expect(await waiting).toMatchObject({ id: second, outcome: 'cancelled' });
  for (const timeoutMs of [-1, Number.NaN, 3_600_001])
    await expect(relay.notifyAndWait('k.done', 'x', { timeoutMs })).rejects.toMatchObject({
      code: 'RELAY_ARGUMENT_INVALID',
    });
  const options = { tx: await db.connect() } as never;
  await expect(relay.notifyAndWait('k.done', 'x', options)).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
});

test('afterAll: an event that runs when those before it have ended, in the transaction of its caller', async () => {
  const seen: unknown[] = [];
  let release = () => {};
  await running(db, {
    handlers: [
      defineHandler('k.part', (event) => {
        seen.push(event.payload);
        return event.payload === 2 ? new Promise<void>((resolve) => (release = resolve)) : undefined;
      }),
      defineHandler('k.all', (event) => void seen.push(event.payload)),
    ],
  });
  const tx = await db.connect();
  await tx.query('begin');
  const parts = await relay.notifyMany('k.part', [{ payload: 1 }, { payload: 2 }], { tx });
  const id = await relay.afterAll(parts, 'k.all', 'all', { tx });
  await tx.query('commit');
  await until(async () => seen.length === 2, 'the parts have started');
  expect((await relay.explain(id)).map(({ reason }) => reason)).toEqual(['awaits']);
  await until(async () => (await relay.explain(parts[0] ?? ''))[0]?.reason === 'done', 'the first part has ended');
  release();
  await until(async () => seen.includes('all'), 'it runs');
  await untilIdle(db, 'k.part', 'k.all');
  await expect(relay.afterAll(['x'], 'k.all')).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
  await expect(relay.afterAll([], 'k.all')).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
  await expect(relay.afterAll(['9223372036854775807'], 'k.all')).rejects.toMatchObject({ code: 'RELAY_EVENT_UNKNOWN' });
});
