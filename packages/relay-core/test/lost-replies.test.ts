import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';
import { TcpProxy } from './support/tcp-proxy.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
let proxy: TcpProxy;

beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table effects (what text); grant insert on effects to pgrelay');
});
afterAll(() => client.close());
beforeEach(async () => {
  proxy = await TcpProxy.to(db.url);
});
// Before the Processors are stopped: their connections must find the server.
afterEach(() => proxy.accept());

/** A heartbeat that never ends, so that no rescue helps; and the minute task does not come in time either. */
const throughProxy = () => ({ connectionString: proxy.url, leaseMs: 600_000 });
const inSeconds = 20_000;

async function untilCut(): Promise<void> {
  await until(async () => proxy.cuts === 1, 'the reply was cut');
}

describe('the reply of a claim is lost after its commit', () => {
  test.each([
    ['leased', {}],
    ['transactional', { mode: 'transactional' as const }],
  ])('of a %s handler: the events run on the same Processor at once, uncounted', async (name, options) => {
    const channel = `l.${name}`;
    let runs = 0;
    const { lines } = await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler(channel, options, () => {
          runs += 1;
        }),
      ],
    });
    proxy.cutReplyTo('pgrelay.claim_v1');
    await client.notifyMany(channel, [{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
    await untilCut();
    await until(async () => runs === 3, 'all of them ran', inSeconds);
    await untilIdle(db, channel);
    expect(await outcomes(db, channel)).toEqual(
      Array.from({ length: 3 }, () => ({ outcome: 'done', attempt: 1, sqlstate: null, code: null })),
    );
    expect(lines.join('')).toContain('claim whose reply was lost');
    await proxy.close();
  });

  test('of a batch handler too', async () => {
    let got = 0;
    await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler('l.batch', { batch: 10 }, (events) => {
          got += events.length;
        }),
      ],
    });
    proxy.cutReplyTo('pgrelay.claim_v1');
    await client.notifyMany('l.batch', [{ payload: 1 }, { payload: 2 }]);
    await untilCut();
    await until(async () => got === 2, 'both ran', inSeconds);
    await untilIdle(db, 'l.batch');
    expect((await outcomes(db, 'l.batch')).map((row) => row.attempt)).toEqual([1, 1]);
    await proxy.close();
  });

  test('while other events of the worker run: those are not given back', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const runs: unknown[] = [];
    await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler('l.gated', async (event) => {
          runs.push(event.payload);
          if (event.payload === 'slow') await gate;
        }),
      ],
    });
    await client.notify('l.gated', 'slow');
    await until(async () => runs.length === 1, 'one runs');
    proxy.cutReplyTo('pgrelay.claim_v1');
    await client.notify('l.gated', 'quick');
    await untilCut();
    await until(async () => runs.length === 2, 'the other ran', inSeconds);
    open();
    await untilIdle(db, 'l.gated');
    expect(runs).toEqual(['slow', 'quick']);
    expect((await outcomes(db, 'l.gated')).map((row) => [row.outcome, row.attempt])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
    await proxy.close();
  });
});

test('a claim that is still at work when its connection is cut is ended before anybody looks what it took', async () => {
  await db.query("select pgrelay.register_channel('l.slow')");
  await db.query(`create function hold_claim() returns trigger language plpgsql as $$ begin
    if old.slot is null and new.slot is not null then perform pg_advisory_xact_lock(42); end if;
    return new;
  end $$`);
  await db.query('set role pgrelay_owner');
  await db.query('create trigger hold before update on pgrelay.queue for each row execute function hold_claim()');
  await db.query('reset role');
  const gate = await db.session('gate');
  await gate.query('select pg_advisory_lock(42)');
  const claiming = () =>
    db.query<{ pid: number }>(
      "select pid from pg_locks where locktype = 'advisory' and objid = 42 and not granted and database = (select oid from pg_database where datname = current_database())",
    );
  await running(db, { ...throughProxy(), handlers: [defineHandler('l.slow', () => undefined)] });
  await client.notify('l.slow');
  const [first] = await until(async () => {
    const waiting = await claiming();
    return waiting.length === 1 && waiting;
  }, 'the claim is at work');
  proxy.cut((name) => name === 'pgrelay worker 1');
  await until(
    async () => {
      const waiting = await claiming();
      return waiting.length === 1 && waiting[0]?.pid !== first?.pid;
    },
    'the first claim is ended, before its statement timeout, and the next one is at work',
    20_000,
  );
  await gate.query('select pg_advisory_unlock(42)');
  await untilIdle(db, 'l.slow');
  expect(await outcomes(db, 'l.slow')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  await db.query('set role pgrelay_owner');
  await db.query('drop trigger hold on pgrelay.queue');
  await db.query('reset role');
  await proxy.close();
});

describe('the reply of another statement is lost after its commit', () => {
  test('of a batch of SQL actions: what was done is not done again', async () => {
    await db.query("select pgrelay.register_channel('l.sql', 'insert into effects values ($1)')");
    await running(db, throughProxy());
    proxy.cutReplyTo('pgrelay.run_batch_v1');
    await db.query("select pgrelay.notify('l.sql', 'sql')");
    await untilCut();
    await db.query("select pgrelay.notify('l.sql', 'later')");
    await untilIdle(db, 'l.sql');
    expect(await db.query('select what from effects order by 1')).toEqual([{ what: 'later' }, { what: 'sql' }]);
    expect((await outcomes(db, 'l.sql')).map((row) => [row.outcome, row.attempt])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
    await proxy.close();
  });

  test('of the commit of a transactional handler: it does not run again', async () => {
    let runs = 0;
    await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler('l.commit', { mode: 'transactional' }, async (_event, ctx) => {
          runs += 1;
          await ctx.tx.query("insert into effects values ('tx')");
        }),
      ],
    });
    proxy.cutReplyTo('commit;');
    await client.notify('l.commit');
    await untilCut();
    await client.notify('l.commit');
    await untilIdle(db, 'l.commit');
    expect(runs).toBe(2);
    expect(await db.query("select from effects where what = 'tx'")).toHaveLength(2);
    expect((await outcomes(db, 'l.commit')).map((row) => [row.outcome, row.attempt])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
    await proxy.close();
  });

  test('of the end of leased events: it is sent again, and written once', async () => {
    let runs = 0;
    await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler('l.settle', () => {
          runs += 1;
        }),
      ],
    });
    proxy.cutReplyTo('pgrelay.complete_v1');
    await client.notify('l.settle');
    await untilCut();
    await client.notify('l.settle');
    await untilIdle(db, 'l.settle');
    expect(runs).toBe(2);
    expect((await outcomes(db, 'l.settle')).map((row) => [row.outcome, row.attempt])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
    await proxy.close();
  });
});
