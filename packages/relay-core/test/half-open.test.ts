import { createClient, defineHandler, type Processor } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';
import { TcpProxy } from './support/tcp-proxy.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
let proxy: TcpProxy;
const leaseMs = 3_000;
/** For what must not end a lease, however slow the machine is. */
const longLeaseMs = 8_000;
/** Only a hang takes longer; what it took is printed. */
const patienceMs = 40_000;

beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table effects (what text); grant insert on effects to pgrelay');
});
afterAll(() => client.close());
beforeEach(async () => {
  proxy = await TcpProxy.to(db.url);
});
afterEach(async () => {
  proxy.thaw();
  await db.query('truncate effects');
});

const throughProxy = () => ({ connectionString: proxy.url, leaseMs });
const worker = (name: string) => name === 'pgrelay worker 1';
const says = (lines: readonly string[], words: string) => lines.some((line) => line.includes(words));

function report(what: string, since: number, lease = leaseMs): void {
  console.log(`${what}: after ${Math.round(performance.now() - since)} ms (lease ${lease} ms)`);
}

/** The frozen Processor takes a slot again when packets flow, and works. */
async function untilRecovered(frozen: Processor, lines: readonly string[], works: () => Promise<void>): Promise<void> {
  const since = performance.now();
  proxy.thaw();
  await until(async () => says(lines, 'declared dead') && frozen.slot !== undefined, 'it has a slot again', patienceMs);
  report('packets flow: a slot again', since);
  await works();
}

describe('no packet of a Processor gets through any more', () => {
  test('inside a batch of SQL actions: the events run elsewhere, once, and it recovers without a restart', async () => {
    await db.query(
      "select pgrelay.register_channel('o.sql', 'insert into effects values ($1); select pg_advisory_xact_lock(7)', p_statement_timeout => '1 hour')",
    );
    const gate = await db.session('gate');
    await gate.query('select pg_advisory_lock(7)');
    const waiting = async () =>
      (
        await db.query<{ pid: number }>(
          "select pid from pg_locks where locktype = 'advisory' and objid = 7 and not granted and database = (select oid from pg_database where datname = current_database())",
        )
      )[0]?.pid;
    const frozen = await running(db, throughProxy());
    await db.query("select pgrelay.notify('o.sql', 'once')");
    const first = await until(waiting, 'the batch is under way');
    proxy.freeze();
    const since = performance.now();
    const other = await running(db, { leaseMs });
    await until(
      async () => {
        const pid = await waiting();
        return pid !== undefined && pid !== first;
      },
      'the event runs elsewhere',
      patienceMs,
    );
    report('a SQL batch without packets: runs elsewhere', since);
    await gate.query('select pg_advisory_unlock(7)');
    await untilIdle(db, 'o.sql');
    await other.processor.stop();
    await untilRecovered(frozen.processor, frozen.lines, async () => {
      await db.query("select pgrelay.notify('o.sql', 'later')");
      await untilIdle(db, 'o.sql');
    });
    expect(await db.query('select what from effects order by 1')).toEqual([{ what: 'later' }, { what: 'once' }]);
    expect((await outcomes(db, 'o.sql')).map((row) => row.outcome)).toEqual(['done', 'done']);
    await frozen.processor.stop();
    await proxy.close();
  });

  test('inside ctx.tx: the event runs elsewhere, once, and it recovers without a restart', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let ranHere = 0;
    let ranElsewhere = 0;
    const frozen = await running(db, {
      ...throughProxy(),
      handlers: [
        defineHandler('o.tx', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query('insert into effects values ($1)', [event.payload]);
          ranHere += 1;
          if (ranHere === 1) await gate;
        }),
      ],
    });
    await client.notify('o.tx', 'once');
    await until(async () => ranHere === 1, 'the handler is in its transaction');
    proxy.freeze();
    const since = performance.now();
    open();
    const other = await running(db, {
      leaseMs,
      handlers: [
        defineHandler('o.tx', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query('insert into effects values ($1)', [event.payload]);
          ranElsewhere += 1;
        }),
      ],
    });
    await until(async () => ranElsewhere === 1, 'the event runs elsewhere', patienceMs);
    report('ctx.tx without packets: runs elsewhere', since);
    await untilIdle(db, 'o.tx');
    await other.processor.stop();
    proxy.swallow(); // what was open stays dead; only new connections get through
    await untilRecovered(frozen.processor, frozen.lines, async () => {
      await client.notify('o.tx', 'later');
      await untilIdle(db, 'o.tx');
    });
    expect(await db.query('select what from effects order by 1')).toEqual([{ what: 'later' }, { what: 'once' }]);
    expect((await outcomes(db, 'o.tx')).map((row) => row.outcome)).toEqual(['lost', 'done', 'done']);
    expect([ranHere, ranElsewhere]).toEqual([2, 1]);
    await frozen.processor.stop();
    await proxy.close();
  });
});

describe('the packets of one connection are swallowed for good, and neither end is told', () => {
  test('of a worker inside ctx.tx: the event runs again within the lease, once and uncounted', async () => {
    let runs = 0;
    const { lines } = await running(db, {
      ...throughProxy(),
      leaseMs: longLeaseMs,
      handlers: [
        defineHandler('o.worker', { mode: 'transactional', timeoutMs: 600_000 }, async (event, ctx) => {
          runs += 1;
          await ctx.tx.query('insert into effects values ($1)', [event.payload]);
          if (runs === 1) proxy.swallow(worker);
        }),
      ],
    });
    await client.notify('o.worker', 'once');
    await until(async () => runs === 1, 'the handler is in its transaction');
    const since = performance.now();
    await until(async () => runs === 2, 'it runs again', patienceMs);
    report("a worker's connection without packets: runs again", since, longLeaseMs);
    await untilIdle(db, 'o.worker');
    expect(await db.query('select what from effects')).toEqual([{ what: 'once' }]);
    expect((await outcomes(db, 'o.worker')).map((row) => [row.outcome, row.attempt])).toEqual([['done', 1]]);
    expect(says(lines, 'it is given up')).toBe(true);
    expect(says(lines, 'declared dead')).toBe(false);
    await until(
      async () =>
        (
          await db.query(
            "select from pg_stat_activity where datname = current_database() and application_name = 'pgrelay worker 1'",
          )
        ).length === 1,
      'the backend it left is gone',
    );
    await proxy.close();
  });

  test('of the control connection: ends of leased events are written all the same', async () => {
    const { lines } = await running(db, {
      ...throughProxy(),
      leaseMs: longLeaseMs,
      handlers: [defineHandler('o.control', () => proxy.swallow((name) => name === 'pgrelay control'))],
    });
    await client.notify('o.control');
    await untilIdle(db, 'o.control');
    expect((await outcomes(db, 'o.control')).map((row) => [row.outcome, row.attempt])).toEqual([['done', 1]]);
    expect(says(lines, 'declared dead')).toBe(false);
    await proxy.close();
  });

  test('of the heartbeat: another takes its place', async () => {
    const { processor } = await running(db, {
      ...throughProxy(),
      leaseMs: longLeaseMs,
      handlers: [defineHandler('o.beat', () => undefined)],
    });
    await until(async () => proxy.open((name) => name === 'pgrelay heartbeat') === 1, 'it beats');
    proxy.swallow((name) => name === 'pgrelay heartbeat');
    const [old] = await db.query<{ at: string; epoch: string }>(
      'select heartbeat_at::text as at, epoch::text from pgrelay.processors where slot = $1',
      [processor.slot],
    );
    await until(
      async () =>
        (
          await db.query(
            "select from pgrelay.processors where slot = $3 and epoch = $2::bigint and heartbeat_at > $1::timestamptz + interval '1 s'",
            [old?.at, old?.epoch, processor.slot],
          )
        ).length === 1,
      'it beats again, in the same epoch',
      patienceMs,
    );
    await client.notify('o.beat');
    await untilIdle(db, 'o.beat');
    await proxy.close();
  });

  test('of all of them: stop() ends all the same', async () => {
    const { processor } = await running(db, { ...throughProxy(), drainTimeoutMs: 100 });
    proxy.swallow();
    await processor.stop();
    await proxy.close();
  });
});

test('a statement that the server is at work on is waited for, however long it takes', async () => {
  await db.query(
    "select pgrelay.register_channel('o.long', 'select pg_sleep(6)', p_statement_timeout => '10 minutes')",
  );
  const { lines } = await running(db, { ...throughProxy(), leaseMs: 2_000 });
  await db.query("select pgrelay.notify('o.long')");
  await untilIdle(db, 'o.long');
  expect((await outcomes(db, 'o.long')).map((row) => row.outcome)).toEqual(['done']);
  expect(says(lines, 'it is given up')).toBe(false);
  await proxy.close();
});

test('a statement that outlives its handler and every timeout is given up, and the handler has failed', async () => {
  let runs = 0;
  await running(db, {
    leaseMs: 2_000,
    handlers: [
      defineHandler('o.forever', { mode: 'transactional', timeoutMs: 500 }, async (event, ctx) => {
        runs += 1;
        await ctx.tx.query('insert into effects values ($1)', [event.payload]);
        if (event.payload !== 'forever') return;
        await ctx.tx.query('set local statement_timeout = 0');
        await ctx.tx.query('select pg_sleep(600)');
      }),
    ],
  });
  await client.notify('o.forever', 'forever');
  await client.notify('o.forever', 'next');
  await untilIdle(db, 'o.forever');
  expect((await outcomes(db, 'o.forever')).map((row) => [row.outcome, row.code, row.attempt])).toEqual(
    expect.arrayContaining([
      ['failed', 'handler_timeout', 1],
      ['done', null, 1],
    ]),
  );
  expect(runs).toBe(2);
  expect(await db.query('select what from effects')).toEqual([{ what: 'next' }]);
  await until(
    async () =>
      (await db.query("select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"))
        .length === 0,
    'the statement has ended',
  );
});
