import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Suspects } from '../src/flow/suspects.js';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

/** public.die() ends the connection that calls it, as a crash of its backend would. */
beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query(
    'create function public.die() returns void language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60); end $$',
  );
  await db.query('create table public.seen (what text); grant insert, select on public.seen to pgrelay');
});
afterAll(() => client.close());

const failed = (channel: string) =>
  db.query('select reason, code, lost, attempt, payload from pgrelay.failed where channel = $1', [channel]);
const untilQuarantined = (channel: string) =>
  until(async () => (await failed(channel)).length > 0, `${channel} has a quarantined event`, 60_000);

/** What must be true in the end: the killer is set aside after three counted losses, and nobody else noticed anything. */
async function expectOnlyTheKiller(channel: string, innocents: number): Promise<void> {
  expect(await failed(channel)).toEqual([
    { reason: 'quarantined', code: 'quarantined', lost: 3, attempt: expect.any(Number), payload: '"die"' },
  ]);
  const log = await outcomes(db, channel);
  expect(log.filter((row) => row.outcome === 'done')).toHaveLength(innocents);
  expect(log.filter((row) => row.outcome === 'done' && row.attempt > 1)).toEqual([]);
  expect(log.filter((row) => row.outcome !== 'done').map((row) => [row.outcome, row.code])).toEqual(
    Array(3).fill(['lost', 'worker_lost']),
  );
}

describe('an event that ends the connection of its worker each time', () => {
  test('of a SQL channel: its batch runs one by one, and then it is set aside', async () => {
    await db.query(
      "select pgrelay.register_channel('q.sql', 'select public.die() where $1 = ''\"die\"''; insert into public.seen values ($1)')",
    );
    await db.query('select pgrelay.notify_many($1, $2)', ['q.sql', ['1', '2', '3', '"die"', '4', '5', '6']]);
    const { lines } = await running(db, { handlers: [defineHandler('q.beside', () => undefined)] });
    await client.notify('q.beside');
    await untilQuarantined('q.sql');
    await untilIdle(db, 'q.sql', 'q.beside');
    await expectOnlyTheKiller('q.sql', 6);
    expect(await db.query('select what from public.seen order by 1')).toHaveLength(6);
    expect(lines.join('')).not.toContain('die');
    await db.query("select pgrelay.notify('q.sql', '7')");
    await untilIdle(db, 'q.sql');
    expect(await db.query("select from public.seen where what = '7'")).toHaveLength(1);
  }, 90_000);

  test('of a transactional handler, with ctx.tx', async () => {
    await db.query("select pgrelay.register_channel('q.tx', p_mode => 'transactional')");
    await client.notifyMany(
      'q.tx',
      [1, 2, 'die', 4, 5].map((payload) => ({ payload })),
    );
    await running(db, {
      handlers: [
        defineHandler('q.tx', { mode: 'transactional' }, async (event, ctx) => {
          if (event.payload === 'die') await ctx.tx.query('select public.die()');
        }),
      ],
    });
    await untilQuarantined('q.tx');
    await untilIdle(db, 'q.tx');
    await expectOnlyTheKiller('q.tx', 4);
  }, 90_000);

  test('of a top-level channel', async () => {
    await db.query("select pgrelay.register_channel('q.top', array['select public.die()'], 'toplevel')");
    if ((await db.query<{ may: boolean }>("select pg_has_role('pgrelay', 'member') as may"))[0]?.may !== true)
      await db.query('grant pgrelay to current_user');
    await db.query("select pgrelay.notify('q.top', '\"die\"')");
    await running(db);
    await untilQuarantined('q.top');
    await expectOnlyTheKiller('q.top', 0);
  }, 90_000);
});

test('a connection lost once, by whatever cause, is no outcome of the event and is not counted', async () => {
  await db.query("select pgrelay.register_channel('q.once', p_mode => 'transactional')");
  let times = 0;
  await running(db, {
    handlers: [
      defineHandler('q.once', { mode: 'transactional' }, async (_event, ctx) => {
        times += 1;
        if (times === 1) await ctx.tx.query('select public.die()');
      }),
    ],
  });
  await client.notify('q.once');
  await untilIdle(db, 'q.once');
  expect(await outcomes(db, 'q.once')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
});

test("an error that looks like a lost connection but is not the worker's own is judged like any other", async () => {
  await db.query("select pgrelay.register_channel('q.other', p_mode => 'transactional')");
  await running(db, {
    handlers: [
      defineHandler('q.other', { mode: 'transactional' }, () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      }),
    ],
  });
  await client.notify('q.other');
  await until(async () => (await outcomes(db, 'q.other')).length > 0, 'it ended');
  expect(await outcomes(db, 'q.other')).toMatchObject([{ outcome: 'failed', attempt: 1, code: 'handler_error' }]);
});

describe('lose_v1', () => {
  test('does not count what a restart of the server ended, nor what another runs by now', async () => {
    await db.query("select pgrelay.register_channel('q.restart')");
    const [{ id } = { id: '' }] = await db.query<{ id: string }>("select pgrelay.notify('q.restart')::text as id");
    const [slot] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('t', 1, 't', 60000, 1, '{}')",
    );
    const lose = async (elapsedMs: number) =>
      (
        await db.query<{ outcome: string | null }>('select pgrelay.lose_v1($1, $2, 1::smallint, $3, $4) as outcome', [
          slot?.slot,
          slot?.epoch,
          id,
          elapsedMs,
        ])
      )[0]?.outcome;
    expect(await lose(3_600_000_000)).toBeNull();
    expect(await lose(1)).toBe('lost');
    await db.query('set role pgrelay_owner');
    await db.query('update pgrelay.queue set slot = 64, epoch = 1 where id = $1', [id]);
    await db.query('reset role');
    expect(await lose(1)).toBeNull();
    await db.query("select pgrelay.drop_channel('q.restart', true)");
  });
});

describe('Suspects', () => {
  const gone = (code?: string) => Object.assign(new Error('Connection terminated unexpectedly'), code ? { code } : {});

  test('the crash of another backend and a server that takes no connection accuse nobody', () => {
    const suspects = new Suspects();
    for (const code of ['57P02', '57P03', '53300']) {
      suspects.batchLost(1, gone(code));
      expect(suspects.has(1)).toBe(false);
      expect([suspects.again('7', gone(code)), suspects.again('7', gone(code))]).toEqual([false, false]);
    }
    expect(suspects.again('7', new Error('x'))).toBe(false);
  });

  test('a batch is run one by one after its loss, and the event that was alone then is named once', () => {
    const suspects = new Suspects();
    suspects.batchLost(1, gone());
    expect([suspects.has(1), suspects.takeAlone(1, 1)]).toEqual([true, undefined]);
    suspects.alone(1, 1, '5');
    suspects.alone(1, 2, '6'); // by another worker, of a channel that allows parallel batches
    suspects.batchLost(1, gone('57P01'));
    expect(suspects.takeAlone(1, 1)).toMatchObject({ id: '5' });
    expect([suspects.has(1), suspects.takeAlone(1, 1)]).toEqual([true, undefined]);
    suspects.clear(1);
    expect(suspects.has(1)).toBe(false);
  });

  test('an event that ended well in between begins anew', () => {
    const suspects = new Suspects();
    expect(suspects.again('7', gone())).toBe(false);
    suspects.ended('7');
    expect([suspects.again('7', gone()), suspects.again('7', gone())]).toEqual([false, true]);
  });
});
