import { defineHandler, type HandlerContext, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
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
