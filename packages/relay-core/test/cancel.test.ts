import { defineHandler, type HandlerContext, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { InFlight } from '../src/flow/in-flight.js';
import { RunningBatches } from '../src/flow/running-batches.js';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const send = async (channel: string) =>
  (await db.query<{ id: string }>('select pgrelay.notify($1)::text as id', [channel]))[0]?.id ?? '';
const cancel = (id: string) => db.query<{ what: string }>('select pgrelay.cancel($1) as what', [id]);
const ended = (channel: string, count = 1) =>
  until(async () => {
    const rows = await outcomes(db, channel);
    return rows.length >= count ? rows : undefined;
  }, `${channel} ended`);

/** Ends when the signal does, by throwing its reason. */
const untilAborted = (ctx: Pick<HandlerContext, 'signal'>) =>
  new Promise<void>((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));

describe('the handler of an event that is cancelled while it runs', () => {
  test.each(['leased', 'transactional'] as const)(
    'sees its signal, and ends as cancelled when it stops (%s)',
    async (mode) => {
      const channel = `c.${mode}`;
      await db.query(`create table wrote_${mode} ()`);
      let started = false;
      await running(db, {
        handlers: [
          mode === 'leased'
            ? defineHandler(channel, async (_event, ctx) => {
                started = true;
                await untilAborted(ctx);
              })
            : defineHandler(channel, { mode: 'transactional' }, async (_event, ctx) => {
                await ctx.tx.query(`insert into wrote_${mode} default values`);
                started = true;
                await untilAborted(ctx);
              }),
        ],
      });
      const id = await send(channel);
      await until(async () => started, 'the handler runs');
      expect(await cancel(id)).toEqual([{ what: 'asked' }]);
      expect(await ended(channel)).toEqual([{ outcome: 'cancelled', attempt: 1, sqlstate: null, code: 'cancelled' }]);
      expect(await db.query(`select from wrote_${mode}`)).toEqual([]);
      expect(
        await db.query('select slot is not null as slot, worker from pgrelay.log where event_id = $1', [id]),
      ).toEqual([{ slot: true, worker: expect.any(Number) }]);
      expect(await db.query('select from pgrelay.events where id = $1', [id])).toEqual([]);
      expect(await db.query('select from pgrelay.failed where id = $1', [id])).toEqual([]);
    },
  );

  test('comes back no more, but stays what it is when it finishes all the same', async () => {
    const signals = new Map<string, AbortSignal>();
    /** Goes on by itself when its signal was aborted. */
    const run = (channel: string, ctx: HandlerContext) => {
      signals.set(channel, ctx.signal);
      return untilAborted(ctx).catch(() => undefined);
    };
    await running(db, {
      handlers: [
        defineHandler('c.again', async (_event, ctx) => {
          await run('c.again', ctx);
          return retryIn(10);
        }),
        defineHandler('c.finishes', (_event, ctx) => run('c.finishes', ctx)),
      ],
    });
    for (const channel of ['c.again', 'c.finishes']) {
      const id = await send(channel);
      await until(async () => signals.has(channel), 'the handler runs');
      await cancel(id);
    }
    expect(await ended('c.again')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(await ended('c.finishes')).toMatchObject([{ outcome: 'done' }]);
    expect(signals.get('c.finishes')?.reason).toMatchObject({ message: 'the event was cancelled' });
  });

  test('learns it without the NOTIFY, too', async () => {
    await running(db, { handlers: [defineHandler('c.net', (_event, ctx) => untilAborted(ctx))] });
    const id = await send('c.net');
    await until(
      async () => (await db.query('select from pgrelay.events where state = $1', ['claimed'])).length > 0,
      'it runs',
    );
    await db.query('set role pgrelay_owner');
    await db.query("insert into pgrelay.cancellation values ($1, now(), 'somebody')", [id]);
    await db.query('reset role');
    expect(await ended('c.net')).toMatchObject([{ outcome: 'cancelled' }]);
  });
});

describe('an event of a SQL channel that is cancelled while its batch runs', () => {
  const worksOn = (name: string) =>
    until(
      async () =>
        (
          await db.query(
            "select from pg_stat_activity where application_name like 'pgrelay worker%' and wait_event = 'PgSleep' and query like '%run_batch%' and datname = current_database()",
          )
        ).length > 0,
      `${name} waits in its action`,
    );
  const ids = async (channel: string, payloads: readonly string[]) =>
    (
      await db.query<{ id: string }>('select pgrelay.notify($1, p)::text as id from unnest($2::text[]) p', [
        channel,
        payloads,
      ])
    ).map(({ id }) => id);

  beforeAll(async () => {
    await db.query('create table wrote (what text); grant insert on wrote to pgrelay');
    for (const name of ['s.one', 's.many', 's.hit'])
      await db.query('select pgrelay.register_channel($1, $2, p_parallel => false)', [
        name,
        "insert into public.wrote values ($1); select pg_sleep(600) where $1 = 'stuck'",
      ]);
  });

  test.each([
    ['s.one', ['stuck']],
    ['s.many', ['a', 'stuck', 'b', 'c']],
  ])('ends as cancelled, its batch is undone, and the others run again, uncounted (%s)', async (channel, payloads) => {
    await running(db, { workers: 1 });
    const sent = await ids(channel, payloads);
    const stuck = sent[payloads.indexOf('stuck')] ?? '';
    await worksOn(channel);
    expect(await cancel(stuck)).toEqual([{ what: 'asked' }]);
    await ended(channel, sent.length);
    const rows = await db.query(
      'select event_id::text as id, outcome, attempt, code, slot is not null as slot, started_at <= finished_at as ran from pgrelay.log where channel = $1 order by event_id',
      [channel],
    );
    expect(rows).toEqual(
      sent.map((id) =>
        id === stuck
          ? { id, outcome: 'cancelled', attempt: 1, code: 'cancelled', slot: true, ran: true }
          : { id, outcome: 'done', attempt: 1, code: null, slot: true, ran: true },
      ),
    );
    expect(await db.query('select what from wrote order by what')).toEqual(
      payloads.filter((p) => p !== 'stuck').map((what) => ({ what })),
    );
    await expect(cancel(stuck)).rejects.toMatchObject({ code: 'PR028' });
    await db.query('truncate wrote').catch(() => db.query('delete from wrote'));
  });

  test('is stopped without the NOTIFY, too, and nothing that comes after it on that connection is hit', async () => {
    const { processor } = await running(db, { workers: 1 });
    const [stuck = '', next = ''] = await ids('s.hit', ['stuck', 'x']);
    await worksOn('s.hit');
    await db.query('set role pgrelay_owner');
    await db.query("insert into pgrelay.cancellation values ($1, now(), 'somebody')", [stuck]);
    await db.query('reset role');
    await ended('s.hit', 2);
    expect(
      await db.query('select event_id::text as id, outcome from pgrelay.log where channel = $1 order by 1', ['s.hit']),
    ).toEqual([
      { id: stuck, outcome: 'cancelled' },
      { id: next, outcome: 'done' },
    ]);
    expect(processor.slot).toBeGreaterThan(0);
  });
});

describe('a batch', () => {
  const backend = { pid: 1 };
  const connection = (log: string[]) => ({
    pinned: (work: (client: unknown) => Promise<unknown>) => work({ processID: backend.pid }),
    renew: async () => void log.push('renewed'),
  });
  const timeout = Object.assign(new Error('cancelled'), { code: '57014' });

  test('whose cancellation is on its way is not left before the reply is there', async () => {
    const steps: string[] = [];
    let reply: (events: { id: string; pid: number }[]) => void = () => undefined;
    const batches = new RunningBatches(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    let end: () => void = () => undefined;
    const ran = batches
      .run(
        connection(steps) as never,
        () =>
          new Promise<string>((resolve) => {
            end = () => resolve('done');
          }),
      )
      .then((result) => {
        steps.push('left');
        return result;
      });
    const stopped = batches.stop();
    end();
    await new Promise(setImmediate);
    expect(steps).toEqual([]);
    reply([]);
    await stopped;
    expect(await ran).toEqual({ answer: 'done' });
    expect(steps).toEqual(['left']);
  });

  test('was stopped only when it was the one; a lost reply gives its connection up', async () => {
    const steps: string[] = [];
    const fails = (batches: RunningBatches) =>
      batches.run(connection(steps) as never, async () => {
        await batches.stop();
        throw timeout;
      });
    expect(await fails(new RunningBatches(async () => [{ id: '7', pid: 1 }]))).toEqual({ stopped: ['7'] });
    await expect(fails(new RunningBatches(async () => [{ id: '7', pid: 2 }]))).rejects.toBe(timeout);
    expect(steps).toEqual([]);
    await expect(fails(new RunningBatches(() => Promise.reject(new Error('lost'))))).rejects.toBe(timeout);
    expect(steps).toEqual(['renewed']);
  });
});

describe('a top-level event that is cancelled while it runs', () => {
  test('ends as cancelled: the statement is cancelled and none follows', async () => {
    await db.query('create table top (n integer); grant insert on top to pgrelay');
    await db.query(
      "select pgrelay.register_channel('c.top', array['insert into public.top values (1)', 'select pg_advisory_lock(98)', 'insert into public.top values (2)'])",
    );
    const holder = await db.session('holder 3');
    await holder.query('select pg_advisory_lock(98)');
    await running(db);
    const id = await send('c.top');
    await until(
      async () =>
        (
          await db.query(
            "select from pg_stat_activity where wait_event_type = 'Lock' and query = 'select pg_advisory_lock(98)' and datname = current_database()",
          )
        ).length > 0,
      'its second statement waits',
    );
    expect(await cancel(id)).toEqual([{ what: 'asked' }]);
    expect(await ended('c.top')).toEqual([{ outcome: 'cancelled', attempt: 1, sqlstate: null, code: 'cancelled' }]);
    expect(await db.query('select n from top')).toEqual([{ n: 1 }]);
    expect(await db.query('select from pgrelay.failed')).toEqual([]);
    await holder.query('select pg_advisory_unlock(98)');
  });
});

test('an event whose cancellation is heard before the reply of its claim is not run', () => {
  const inFlight = new InFlight();
  const add = (id: string) => inFlight.add({ slot: 1, epoch: '1' }, { id: 1, name: 'c' }, { id, attempt: 1 });
  inFlight.cancel('5');
  expect(add('4').cancelled).toBeUndefined();
  expect(add('5').cancelled).toBe(true);
  expect(add('5').cancelled).toBeUndefined();
  for (let n = 10; n < 1_011; n += 1) inFlight.cancel(String(n));
  expect(add('10').cancelled).toBeUndefined(); // only so many are remembered
  expect(add('11').cancelled).toBe(true);
});
