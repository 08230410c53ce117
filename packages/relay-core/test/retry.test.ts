import { AttemptError, createClient, defineHandler, fail, handler, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

class BankBusy extends Error {}
const ended = async (channel: string, attempts = 1) => {
  await until(async () => (await outcomes(db, channel)).length >= attempts, `${channel} ended`);
  return outcomes(db, channel);
};
/** How long the events of a channel wait for their next attempt. */
const waits = async (channel: string) =>
  (
    await db.query<{ seconds: number }>(
      `select round(extract(epoch from e.run_at - (select max(l.finished_at) from pgrelay.log l where l.event_id = e.id)), 1)::float8 as seconds
       from pgrelay.events e where e.channel = $1 and e.state = 'delayed'`,
      [channel],
    )
  ).map((row) => row.seconds);
const throws = (error: unknown) => () => {
  throw error;
};
const failedHint = async (channel: string) =>
  (await db.query<{ hint: string | null }>('select hint from pgrelay.failed where channel = $1', [channel]))[0]?.hint;

describe('without option retry', () => {
  test('an error without SQLSTATE fails at once, and the failure names the option', async () => {
    await running(db, {
      handlers: [
        defineHandler('n.plain', throws(new Error('boom'))),
        defineHandler('n.value', throws('boom')),
        defineHandler('n.tx', { mode: 'transactional' }, throws(new Error('boom'))),
        defineHandler('n.batch', { batch: 2 }, (events) => events.map(() => new Error('boom'))),
        defineHandler('n.late', { timeoutMs: 50 }, () => new Promise<void>(() => undefined)),
        defineHandler('n.said', () => fail('no_stock')),
        defineHandler('n.state', throws(Object.assign(new Error('unique'), { code: '23505' }))),
      ],
    });
    for (const name of ['plain', 'value', 'tx', 'batch', 'late', 'said', 'state']) {
      await client.notify(`n.${name}`);
      expect(await ended(`n.${name}`)).toMatchObject([{ outcome: 'failed', attempt: 1 }]);
      const hint = await failedHint(`n.${name}`);
      if (name === 'said' || name === 'state') expect(hint).toBeNull();
      else expect(hint).toMatch(/no option retry.*pgrelay\.set_retry/);
    }
  });

  test('a rule of the channel holds for what a handler throws: status, code, name, class', async () => {
    const errors: Readonly<Record<string, [string, Error]>> = {
      status: ['http:5xx', Object.assign(new Error('down'), { status: 502 })],
      statusCode: ['http:502', Object.assign(new Error('down'), { statusCode: 502 })],
      response: ['http:429', Object.assign(new Error('slow'), { response: { status: 429 } })],
      code: ['code:ECONNREFUSED', Object.assign(new Error('no'), { code: 'ECONNREFUSED' })],
      name: ['error:TimeoutError', Object.assign(new Error('late'), { name: 'TimeoutError' })],
      class: ['error:BankBusy', new BankBusy()],
      own: ['code:bank_busy', new AttemptError('bank_busy')],
    };
    for (const mode of ['leased', 'transactional'] as const) {
      await running(db, {
        handlers: Object.entries(errors).map(([name, [, error]]) =>
          defineHandler(`c.${mode}.${name}`, { mode }, throws(error)),
        ),
      });
      for (const [name, [match]] of Object.entries(errors)) {
        const channel = `c.${mode}.${name}`;
        await db.query("select pgrelay.set_retry($1, $2, p_delays => array[interval '1 hour'])", [channel, match]);
        await client.notify(channel);
        const code = name === 'own' ? 'bank_busy' : 'handler_error';
        expect(await ended(channel)).toMatchObject([{ outcome: 'retried', attempt: 1, code }]);
        expect(await waits(channel)).toEqual([3_600]);
      }
    }
  });
});

describe('option retry', () => {
  test('pauses, limit and what it is for, in a function, a class, a transaction and a batch', async () => {
    const retry = { delaysMs: [0, 0], when: ['error:BankBusy'] } as const;
    @handler('w.class', { retry })
    class Charge {
      handle(): void {
        throw new BankBusy();
      }
    }
    await running(db, {
      handlers: [
        defineHandler('w.function', { retry }, throws(new BankBusy())),
        defineHandler('w.tx', { retry, mode: 'transactional' }, throws(new BankBusy())),
        defineHandler('w.batch', { retry, batch: 3 }, (events) => events.map(() => new BankBusy())),
        defineHandler('w.other', { retry }, throws(new TypeError('x'))),
        Charge,
      ],
    });
    for (const name of ['function', 'class', 'tx', 'batch', 'other']) await client.notify(`w.${name}`);
    for (const name of ['function', 'class', 'tx', 'batch'])
      expect((await ended(`w.${name}`, 3)).map((row) => [row.outcome, row.attempt, row.code])).toEqual([
        ['retried', 1, 'handler_error'],
        ['retried', 2, 'handler_error'],
        ['failed', 3, 'retries_exhausted'],
      ]);
    expect(await ended('w.other')).toMatchObject([{ outcome: 'failed', attempt: 1 }]);
    expect(await failedHint('w.other')).toBeNull();
  });

  test('backoff, a function in when, and how long the other side asked to wait', async () => {
    const backoff = { initialMs: 2_000, factor: 10, maxMs: 60_000, jitter: 'none' } as const;
    let fault: unknown;
    const boom = new Error('boom');
    const isBoom = (error: unknown) => {
      fault = error;
      return error === boom;
    };
    await running(db, {
      handlers: [
        defineHandler('b.grows', { retry: { backoff } }, throws(new Error('x'))),
        defineHandler('b.asked', { retry: { backoff } }, throws(new AttemptError('slow', { retryAfterMs: 90_000 }))),
        defineHandler('b.when', { retry: { backoff, when: isBoom } }, throws(boom)),
        defineHandler('b.unlike', { retry: { backoff, when: () => false } }, throws(new Error('x'))),
        defineHandler('b.broken', { retry: { backoff, when: throws(new Error('y')) } }, throws(new Error('x'))),
        defineHandler('b.said', { retry: { backoff } }, () => retryIn(7_000)),
      ],
    });
    for (const name of ['grows', 'asked', 'when', 'unlike', 'broken', 'said']) {
      await client.notify(`b.${name}`);
      await ended(`b.${name}`);
    }
    expect(await waits('b.grows')).toEqual([2]);
    await db.query(
      "update pgrelay.delayed set run_at = clock_timestamp() from pgrelay.channels c where c.id = channel_id and c.name = 'b.grows'",
    );
    await ended('b.grows', 2);
    expect(await waits('b.grows')).toEqual([20]);
    expect(await waits('b.asked')).toEqual([90]);
    expect(await waits('b.when')).toEqual([2]);
    expect(fault).toBe(boom);
    expect(await waits('b.said')).toEqual([7]);
    expect((await ended('b.unlike'))[0]).toMatchObject({ outcome: 'failed' });
    expect((await ended('b.broken'))[0]).toMatchObject({ outcome: 'failed' });
    expect(await failedHint('b.broken')).toContain('retry.when');
  });

  test('an error whose properties cannot be read, or are of the wrong kind, is still a failure', async () => {
    const odd = Object.assign(new Error('odd'), { status: 'x', retryAfterMs: Number.NaN, code: 7, name: '' });
    const hostile = Object.defineProperty(new Error('hostile'), 'status', { get: throws(new Error('no')) });
    await running(db, {
      handlers: [
        defineHandler('o.odd', { retry: { delaysMs: [0] } }, throws(odd)),
        defineHandler('o.hostile', { retry: { delaysMs: [0] } }, throws(hostile)),
      ],
    });
    for (const name of ['o.odd', 'o.hostile']) {
      await client.notify(name);
      expect((await ended(name, 2)).map((row) => row.outcome)).toEqual(['retried', 'failed']);
    }
  });

  test.each([
    [{ retry: null }, 'retry'],
    [{ retry: { delaysMs: [1], backoff: {} } }, 'retry.backoff'],
    [{ retry: { delaysMs: [-1] } }, 'retry.delaysMs'],
    [{ retry: { delaysMs: '5' } }, 'retry.delaysMs'],
    [{ retry: { delaysMs: [], limit: 1 } }, 'retry.limit'],
    [{ retry: { limit: 1.5 } }, 'retry.limit'],
    [{ retry: { backoff: { initialMs: -1 } } }, 'retry.backoff.initialMs'],
    [{ retry: { backoff: { initialMs: 5, maxMs: 4 } } }, 'retry.backoff.initialMs'],
    [{ retry: { backoff: { maxMs: 0 } } }, 'retry.backoff.maxMs'],
    [{ retry: { backoff: { factor: 0.9 } } }, 'retry.backoff.factor'],
    [{ retry: { backoff: { jitter: 'some' } } }, 'retry.backoff.jitter'],
    [{ retry: { when: 'any' } }, 'retry.when'],
    [{ retry: { when: ['http:600'] } }, 'retry.when'],
    [{ breaker: null }, 'breaker'],
    [{ breaker: { failures: 0 } }, 'breaker.failures'],
    [{ breaker: { failures: 1.5 } }, 'breaker.failures'],
    [{ breaker: { share: 0 } }, 'breaker.share'],
    [{ breaker: { least: 3 } }, 'breaker.share'],
    [{ breaker: { share: 1, periodMs: 10 } }, 'breaker.periodMs'],
    [{ breaker: { pauseMs: 2, maxPauseMs: 1 } }, 'breaker.pauseMs'],
  ])('%j is refused where the handler is defined', (options, name) => {
    const define = () => defineHandler('x', options as object, () => undefined);
    expect(define).toThrow(expect.objectContaining({ code: 'RELAY_HANDLER_INVALID', hint: expect.any(String) }));
    expect(define).toThrow(`: ${name} is`);
  });
});

describe('option breaker', () => {
  test.each(['leased', 'transactional'] as const)(
    '%s: pauses the channel while its target fails, in every Processor and over a restart, and goes on by itself',
    async (mode) => {
      const channel = `k.${mode}`;
      let up = false;
      let calls = 0;
      const definition = defineHandler(
        channel,
        { mode, concurrency: 1, breaker: { failures: 3, pauseMs: 3_600_000, maxPauseMs: 3_600_000 } },
        () => {
          calls += 1;
          if (!up) throw new AttemptError('down', { status: 503 });
        },
      );
      await db.query('select pgrelay.register_channel($1, p_mode => $2)', [channel, mode]);
      const first = await running(db, { handlers: [definition] });
      await client.notifyMany(
        channel,
        Array.from({ length: 20 }, (_, n) => ({ payload: n })),
      );
      const state = async () =>
        (await db.query<{ state: string }>('select state from pgrelay.breakers where channel = $1', [channel]))[0]
          ?.state;
      await until(async () => (await state()) === 'open', 'the breaker opens');
      await until(
        async () =>
          (await db.query("select from pgrelay.events where channel = $1 and state <> 'ready'", [channel])).length ===
          0,
        'what was claimed came back',
      );
      const burnt = calls;
      expect(burnt).toBe(3);
      expect(await db.query('select from pgrelay.events where channel = $1 and attempt = 0', [channel])).toHaveLength(
        17,
      );
      await first.processor.stop();

      await running(db, { handlers: [definition, defineHandler(`${channel}.other`, () => undefined)] });
      await client.notify(`${channel}.other`);
      await ended(`${channel}.other`); // it looked at all channels by now
      expect(calls).toBe(burnt);
      expect(
        await db.query("select object from pgrelay.get_problems() where code = 'breaker_open' and object like $1", [
          `%${channel}`,
        ]),
      ).toHaveLength(1);

      up = true;
      await db.query('set role pgrelay_owner');
      await db.query(
        'update pgrelay.breaker set open_until = clock_timestamp() from pgrelay.channel c where c.id = channel_id and c.name = $1',
        [channel],
      );
      await db.query('reset role');
      await until(
        async () => (await db.query('select from pgrelay.events where channel = $1', [channel])).length === 0,
        'all went well',
      );
      expect(await state()).toBe('closed');
      expect(calls).toBe(burnt + 17);
    },
  );

  test('goes when the definition has none any more', async () => {
    const has = async () => (await db.query("select from pgrelay.breakers where channel = 'k.gone'")).length;
    const start = async (options: object) => {
      const { processor } = await running(db, { handlers: [defineHandler('k.gone', options, () => undefined)] });
      await processor.stop();
    };
    await start({ breaker: {} });
    expect(await has()).toBe(1);
    await start({});
    expect(await has()).toBe(0);
  });
});
