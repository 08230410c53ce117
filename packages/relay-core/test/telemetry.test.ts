import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  defineHandler,
  fail,
  type PluginHost,
  type ProcessorOptions,
  retryIn,
  type TelemetryEvent,
  telemetryEvents,
} from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ask } from './support/ask.js';
import { running, untilIdle } from './support/running.js';

const db = useDatabase();

interface Told {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A Processor whose every hook is listened to. */
async function listened(options: Partial<ProcessorOptions> = {}) {
  const told: Told[] = [];
  const setup = (host: PluginHost) => {
    for (const event of telemetryEvents) host.hooks.on(event, (message) => void told.push({ event, ...message }));
  };
  const plugins = [{ name: 'listener', version: '1.0.0', sql: undefined, setup }];
  const { processor, lines } = await running(db, { plugins, ...options });
  const of = (event: TelemetryEvent) => told.filter((one) => one.event === event);
  return { told, of, processor, lines };
}

const send = async (name: string, payload = '1') => {
  const [row] = await db.query<{ id: string }>('select pgrelay.notify($1, $2)::text as id', [name, payload]);
  return row?.id;
};

describe('hooks', () => {
  test('tell of the phases of a Processor', async () => {
    const { of, processor } = await listened();
    await processor.stop();
    expect(of('processor.phase').map(({ phase }) => phase)).toEqual(['starting', 'working', 'stopping', 'stopped']);
    expect(of('processor.phase')[1]).toEqual({ event: 'processor.phase', phase: 'working', slot: 1 });
  });

  test('tell of the loss of a slot', async () => {
    const { of, processor } = await listened({ leaseMs: 500 });
    const { slot } = processor;
    await db.query('update pgrelay.instance set alive = false where alive');
    await until(async () => of('processor.slot_lost').length === 1 && processor.slot !== undefined, 'it has another');
    expect(of('processor.slot_lost')).toEqual([{ event: 'processor.slot_lost', slot, epoch: expect.any(String) }]);
  });

  test('tell of a leased event: claimed, started, settled, in this order and with its end', async () => {
    const { told, processor } = await listened({
      handlers: [
        defineHandler('t.leased', (event) => {
          if (event.payload === 'fail') return fail('no_use', 'canary-words');
          return event.payload === 'again' && event.attempt === 1 ? retryIn(0) : undefined;
        }),
      ],
    });
    const about = { channel: 't.leased', slot: processor.slot };
    for (const [payload, ends] of [
      ['well', [['done', null]]],
      ['fail', [['failed', 'no_use']]],
      [
        'again',
        [
          ['retried', 'retry_asked'],
          ['done', null],
        ],
      ],
    ] as const) {
      told.length = 0;
      const eventId = await send('t.leased', JSON.stringify(payload));
      await untilIdle(db, 't.leased');
      await until(async () => told.length >= 3 * ends.length, 'all is told');
      expect(told).toEqual(
        ends.flatMap(([outcome, code], index) => {
          const attempt = index + 1;
          return [
            { event: 'events.claimed', ...about, events: 1 },
            { event: 'attempt.started', ...about, eventId, attempt },
            {
              event: 'attempt.settled',
              ...about,
              eventId,
              attempt,
              outcome,
              code,
              sqlstate: null,
              ms: expect.any(Number),
            },
          ];
        }),
      );
    }
    expect(JSON.stringify(told)).not.toContain('canary');
  });

  test('tell of transactional, batch and top-level events, and of batches of SQL', async () => {
    const { of } = await listened({
      handlers: [
        defineHandler('t.tx', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query(event.payload);
        }),
        defineHandler('t.batch', { batch: 10 }, () => undefined),
      ],
    });
    await db.query("select pgrelay.register_channel('t.top', array['vacuum pg_catalog.pg_am'])");
    await db.query("select pgrelay.register_channel('t.sql', 'select 1 / $1::int')");
    await send('t.tx', '"select 1"');
    await send('t.tx', '"select 1/0"');
    await db.query("select pgrelay.notify_many('t.batch', array['1', '2', '3'])");
    await send('t.top');
    await db.query("select pgrelay.notify_many('t.sql', array['1', '2', '0'])");
    const settled = (name: string) => of('attempt.settled').filter((one) => one['channel'] === name);
    const sum = (field: string) => of('batch.settled').reduce((total, one) => total + Number(one[field]), 0);
    await until(
      async () =>
        settled('t.tx').length === 2 &&
        settled('t.batch').length === 3 &&
        settled('t.top').length === 1 &&
        sum('done') === 2 &&
        sum('failed') === 1,
      'all is told',
    );
    expect(settled('t.tx').map(({ outcome, sqlstate }) => [outcome, sqlstate])).toEqual([
      ['done', null],
      ['failed', '22012'],
    ]);
    expect(
      of('attempt.started')
        .map((one) => one['channel'])
        .sort(),
    ).toEqual(['t.batch', 't.batch', 't.batch', 't.top', 't.tx', 't.tx']);
    expect(of('batch.settled').every((one) => one['channel'] === 't.sql' && one['retried'] === 0)).toBe(true);
  });

  test('tell of requests by their route, never by what was asked for', async () => {
    const { of, processor } = await listened({ server: { port: 0 } });
    await ask(`${processor.url}/readyz?canary=1`);
    await ask(`${processor.url}/canary`);
    expect(of('request.answered').map(({ route, status }) => [route, status])).toEqual([
      ['GET /readyz', 200],
      ['no route', 404],
    ]);
  });

  test('that fail change nothing: it is logged, without their words', async () => {
    const setup = (host: PluginHost) => {
      host.hooks.on('attempt.started', () => {
        throw Object.assign(new Error('canary-words'), { code: 'E_HOOK' });
      });
      host.hooks.on('attempt.settled', () => Promise.reject(new Error('canary-words')));
    };
    const { lines } = await running(db, {
      plugins: [{ name: 'bad', version: '1.0.0', sql: undefined, setup }],
      handlers: [defineHandler('t.bad', () => undefined)],
    });
    const id = await send('t.bad');
    await untilIdle(db, 't.bad');
    await until(async () => lines.filter((line) => line.includes('a hook failed')).length === 2, 'both are logged');
    expect(await db.query('select outcome from pgrelay.log where event_id = $1', [id])).toEqual([{ outcome: 'done' }]);
    expect(lines.join('')).toContain('E_HOOK');
    expect(lines.join('')).not.toContain('canary-words');
  });

  test('that do not exist are refused', async () => {
    const setup = (host: PluginHost) => host.hooks.on('attempt.stared' as 'attempt.started', () => undefined);
    await expect(
      running(db, { plugins: [{ name: 'typo', version: '1.0.0', sql: undefined, setup }] }),
    ).rejects.toMatchObject({ code: 'RELAY_HOOK_INVALID' });
  });
});

describe('node:diagnostics_channel', () => {
  afterEach(() => vi.restoreAllMocks());

  test('has the same, for who subscribes while the Processor runs', async () => {
    const seen: unknown[] = [];
    const listen = (message: unknown) => void seen.push(message);
    const { processor } = await running(db, { handlers: [defineHandler('t.dc', () => undefined)] });
    await send('t.dc');
    await untilIdle(db, 't.dc');
    for (const event of telemetryEvents) subscribe(`pgrelay.${event}`, listen);
    try {
      const eventId = await send('t.dc');
      await until(async () => seen.length === 3, 'all is told');
      const about = { slot: processor.slot, channel: 't.dc' };
      expect(seen).toEqual([
        { ...about, events: 1 },
        { ...about, eventId, attempt: 1 },
        { ...about, eventId, attempt: 1, outcome: 'done', code: null, sqlstate: null, ms: expect.any(Number) },
      ]);
    } finally {
      for (const event of telemetryEvents) unsubscribe(`pgrelay.${event}`, listen);
    }
  });

  test('gets nothing where nobody subscribes, and no message is made', async () => {
    const perEvent = ['attempt.started', 'attempt.settled', 'events.claimed', 'batch.settled'] as const;
    const published = perEvent.map((event) => vi.spyOn(channel(`pgrelay.${event}`), 'publish'));
    await running(db, { handlers: [defineHandler('t.quiet', () => undefined)] });
    for (let n = 0; n < 5; n += 1) await send('t.quiet');
    await untilIdle(db, 't.quiet');
    for (const spy of published) expect(spy).not.toHaveBeenCalled();
  });
});
