import { createClient, defineChannel, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ChildProcessor } from './support/child.js';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

const settings = (channel: string) =>
  db.query('select lag::text, max_wait::text, cooldown::text, declared from pgrelay.debounces where channel = $1', [
    channel,
  ]);

describe('option debounce of a handler', () => {
  test('an idle Processor sleeps until what was debounced is due, and runs the newest', async () => {
    const got: unknown[] = [];
    const definition = defineChannel('b.idle', { payload: z.object({ n: z.number() }) });
    // It looks once an hour by itself: the hint tells it that something waits, and the look until when.
    await running(db, {
      pollIntervalMs: 3_600_000,
      handlers: [
        defineHandler(
          definition,
          { debounce: { lagMs: 150, maxWaitMs: 60_000 } },
          (event) => void got.push(event.payload),
        ),
      ],
    });
    expect(await settings('b.idle')).toEqual([
      { lag: '00:00:00.15', max_wait: '00:01:00', cooldown: '00:00:00', declared: true },
    ]);
    const ids = await client.notifyMany(definition, [
      { payload: { n: 1 } },
      { payload: { n: 2 } },
      { payload: { n: 3 } },
    ]);
    await until(async () => got.length > 0, 'the event has run');
    expect(got).toEqual([{ n: 3 }]);
    await untilIdle(db, 'b.idle');
    expect((await outcomes(db, 'b.idle')).map((row) => row.code ?? row.outcome).sort()).toEqual([
      'debounced',
      'debounced',
      'done',
    ]);
    expect(await client.explain(ids[0] ?? '')).toMatchObject([
      { reason: 'cancelled', evidence: expect.stringContaining(`debounced into event ${ids[2]}`) },
    ]);
  });

  test.each(['leased', 'transactional'] as const)('%s: what comes while one runs is the next', async (mode) => {
    const name = `b.${mode}`;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const got: unknown[] = [];
    await running(db, {
      handlers: [
        defineHandler(name, { mode, debounce: { lagMs: 1 } }, async (event) => {
          got.push(event.payload);
          if (got.length === 1) await gate;
        }),
      ],
    });
    await client.notify(name, 'first');
    await until(async () => got.length === 1, 'the first runs');
    await client.notify(name, 'second');
    const third = await client.notify(name, 'third');
    await until(
      async () => (await client.explain(third)).some((row) => row.evidence.includes('which is before it')),
      'the others wait for it',
    );
    expect(got).toEqual(['first']);
    release();
    await untilIdle(db, name);
    expect(got).toEqual(['first', 'third']);
  });

  test('set_debounce goes before it, and a definition without it takes it away', async () => {
    await db.query("select pgrelay.register_channel('b.set'), pgrelay.set_debounce('b.set', '9 s')");
    const { processor } = await running(db, {
      handlers: [
        defineHandler('b.set', { debounce: { lagMs: 1 } }, () => undefined),
        defineHandler('b.gone', { debounce: { lagMs: 1 } }, () => undefined),
      ],
    });
    expect(await settings('b.set')).toMatchObject([{ lag: '00:00:09', declared: false }]);
    expect(await settings('b.gone')).toHaveLength(1);
    await processor.stop();
    await running(db, { handlers: [defineHandler('b.gone', () => undefined)] });
    expect(await settings('b.gone')).toEqual([]);
  });

  test.each([
    [{ debounce: null }, 'debounce'],
    [{ debounce: {} }, 'debounce'],
    [{ debounce: { lagMs: -1 } }, 'debounce.lagMs'],
    [{ debounce: { lagMs: '5' } }, 'debounce.lagMs'],
    [{ debounce: { lagMs: 0 } }, 'debounce.lagMs'],
    [{ debounce: { lagMs: 5, maxWaitMs: Number.NaN } }, 'debounce.maxWaitMs'],
    [{ debounce: { lagMs: 5, cooldownMs: 400 * 86_400_000 } }, 'debounce.cooldownMs'],
  ])('%j is refused where the handler is defined', (options, name) => {
    const define = () => defineHandler('x', options as object, () => undefined);
    expect(define).toThrow(expect.objectContaining({ code: 'RELAY_HANDLER_INVALID', hint: expect.any(String) }));
    expect(define).toThrow(`: ${name} is`);
  });

  test('a time for an event of a debounced channel is refused', async () => {
    await db.query("select pgrelay.register_channel('b.timed'), pgrelay.set_debounce('b.timed', '9 s')");
    for (const options of [{ delayMs: 60_000 }, { dedupKey: 'k', dedupWindowMs: 5 }])
      await expect(client.notify('b.timed', 1, options)).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
  });
});

test('three Processors, one of them killed while events wait: each burst of a key runs once, and nothing is lost', async () => {
  await db.query("select pgrelay.register_channel('burst')");
  const children = [1, 2, 3].map(() => new ChildProcessor(db.url, { fixture: 'debounce-processor' }));
  for (const child of children) await child.printed('ready');
  const sent: string[] = [];
  const keys = ['a', 'b', 'c', undefined];
  const burst = async () => {
    const writers = Array.from({ length: 20 }, async (_none, writer) => {
      const events = Array.from({ length: 25 }, (_one, n) => {
        const dedupKey = keys[(writer + n) % keys.length];
        return { payload: n, ...(dedupKey === undefined ? {} : { dedupKey }) };
      });
      sent.push(...(await client.notifyMany('burst', events)));
    });
    await Promise.all(writers);
  };
  await burst();
  children[0]?.signal('SIGKILL');
  await burst(); // within the lag of the first
  await children[0]?.exited;
  await untilIdle(db, 'burst');
  const rows = await db.query<{ id: string; outcome: string }>(
    "select event_id::text as id, coalesce(code, outcome) as outcome from pgrelay.log where channel = 'burst'",
  );
  expect(rows).toHaveLength(1000);
  expect(new Set(rows.map((row) => row.id))).toEqual(new Set(sent));
  const done = rows.filter((row) => row.outcome === 'done').map((row) => row.id);
  expect(done).toHaveLength(keys.length);
  // The newest of each key is the one that ran.
  expect(rows.filter((row) => row.outcome !== 'done' && row.outcome !== 'debounced')).toEqual([]);
  expect(Math.min(...done.map(Number))).toBeGreaterThan(Math.min(...sent.map(Number)) + 500);
  for (const child of children.slice(1)) child.signal('SIGTERM');
  await Promise.all(children.map((child) => child.exited));
});

describe('dedupWindowMs', () => {
  test('keeps the key when the event has ended', async () => {
    await running(db, { handlers: [defineHandler('b.window', () => undefined)] });
    const options = { dedupKey: 'k', dedupWindowMs: 3_600_000 };
    const id = await client.notify('b.window', 1, options);
    await untilIdle(db, 'b.window');
    expect(await client.notify('b.window', 2, options)).toBe(id);
    expect(await client.notify('b.window', 3, { ...options, dedupKey: 'other' })).not.toBe(id);
    const many = [{ payload: 4, ...options }, { payload: 5 }, { payload: 6, dedupKey: 'k' }];
    const ids = await client.notifyMany('b.window', many);
    expect([ids[0], ids[2]]).toEqual([id, id]);
    expect(ids[1]).not.toBe(id);
    await untilIdle(db, 'b.window');
  });

  test.each([
    { dedupWindowMs: 5 },
    { dedupKey: 'k', dedupWindowMs: 0 },
    { dedupKey: 'k', dedupWindowMs: -5 },
    { dedupKey: 'k', dedupWindowMs: Number.NaN },
    { dedupKey: 'k', dedupWindowMs: 400 * 86_400_000 },
    { dedupKey: 'k', dedupWindowMs: '5' as never },
  ])('%j is refused', async (options) => {
    await expect(client.notify('b.window', 1, options)).rejects.toMatchObject({
      code: 'RELAY_ARGUMENT_INVALID',
      message: expect.stringContaining('dedupWindowMs'),
    });
  });
});
