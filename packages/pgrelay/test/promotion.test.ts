import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createMvClient } from '@pgrelay/auto-mv';
import { defineHandler } from '@pgrelay/relay-core';
import { migrateModules, OwnServer, promote, startStandby, until, untilReplayed } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guideSql } from './support/guide.js';
import { makeProcessor } from './support/processors.js';

// A primary with work of every kind, and a standby that streams from it. The tests are the steps of one story.
let primary: OwnServer;
let standby: OwnServer;
const delivered: string[] = [];
const receiver = createServer((request, response) => {
  delivered.push(request.url ?? '');
  response.writeHead(204).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  primary = await OwnServer.start();
  await migrateModules(primary.url);
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  await primary.query(`
    create table ledger (event_id bigint, channel text);
    grant insert on ledger to pgrelay;
    select pgrelay.register_channel('p.sql', 'insert into ledger select c.id, c.channel from pgrelay.current_event() c');
    select pgrelay.declare_handlers_v1(array['p.tx', 'p.held'], array['transactional', 'leased'], true);
    select pgrelay_http.register_endpoint('p.hook', '${url}');
    select pgrelay_cron.schedule('beat', '1 second', 'insert into ledger select c.id, c.channel from pgrelay.current_event() c', p_overlap => 'allow');
    select pgrelay_cron.schedule('skips', '1 second', 'insert into ledger select c.id, c.channel from pgrelay.current_event() c', p_missed => 'skip', p_grace => '1 second');
    create table item (node text, id bigint, amount integer);
    create materialized view total as select coalesce(sum(amount), 0)::integer as amount from item;
    create unique index on total (amount);
    select pgauto_mv.register_mv('total', p_cooldown => 0)`);
  standby = await startStandby(primary);
}, 120_000);

afterAll(async () => {
  receiver.close();
  await Promise.all([primary?.remove(), standby?.remove()]);
});

const sql = (name: string, at: number): string => guideSql(name).split('\n')[at] ?? '';
const [isFresh, waitUntilFresh] = [sql('standby', 0), sql('standby', 1)];
const ask = async (server: OwnServer, statement: string, token: string) =>
  (await server.query(statement.replace(/;.*/, ''), [token])).flatMap(Object.values);

/** Writes on the primary, and returns the token of it. */
async function write(amount: number): Promise<string> {
  const [row] = await primary.query<{ token: string }>(
    "with i as (insert into item values ('a', 1, $1)) select pg_current_xact_id()::text as token",
    [amount],
  );
  return row?.token ?? '';
}

test('on the standby everything that reads can be asked, and what writes says that it cannot', async () => {
  const [sent] = await primary.query<{ id: string }>("select pgrelay.notify('p.sql', 'secret')::text as id");
  await write(1);
  await untilReplayed(primary, standby);
  for (const statement of [
    'select * from pgrelay.get_problems()',
    'select * from pgauto_mv.get_mv_problems()',
    'select * from pgrelay_cron.get_cron_problems()',
    'select * from pgrelay_http.get_http_problems()',
    'select * from pgrelay.events',
    'select * from pgrelay.processors',
    'select * from pgrelay.channels',
    'select * from pgrelay.log',
    'select * from pgauto_mv.freshness',
    'select * from pgauto_mv.schedules',
    'select * from pgauto_mv.watches',
    "select * from pgauto_mv.freshness_mv('total')",
    "select * from pgauto_mv.explain_mv('total')",
    'select * from pgrelay_cron.jobs',
    'select * from pgrelay_cron.runs',
    'select * from pgrelay_cron.misses',
    "select * from pgrelay_cron.next_runs('1 hour')",
    'select * from pgrelay_cron.preview_missed()',
    'select * from pgrelay_http.endpoints',
    `select * from pgrelay.lineage(${sent?.id})`,
  ])
    await standby.query(statement).catch((error: Error) => {
      throw new Error(`${statement}: ${error.message}`, { cause: error });
    });
  const why = await standby.query('select reason from pgrelay.explain_event($1)', [sent?.id]);
  expect(why.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['standby']));
  for (const statement of [
    "select pgrelay.notify('p.sql')",
    'call pgrelay.run()',
    'call pgauto_mv.refresh_due()',
    "select pgauto_mv.refresh_materialized_view_now('total')",
    'select pgrelay_cron.tick_v1()',
    'select pgrelay.cancel(1)',
  ])
    await expect(standby.query(statement), statement).rejects.toMatchObject({ code: '25006' });
});

test('a token of the primary is answered on the standby: false until the refresh is replayed, then true', async () => {
  const token = await write(2);
  await untilReplayed(primary, standby);
  expect(await ask(standby, isFresh, token)).toEqual([false]);
  expect(
    await standby.query("select pgauto_mv.wait_until_fresh('total', $1::xid8, '20 ms') as fresh", [token]),
  ).toEqual([{ fresh: false }]);
  // It only waits: nobody on the primary hears that somebody would like it sooner.
  const clients = [
    createMvClient({ connectionString: standby.url }),
    createMvClient({ db: await standby.connect() }),
  ] as const;
  const waiting = clients.map((client) => client.waitUntilFresh('total', token, { timeoutMs: 120_000 }));
  const worker = makeProcessor(primary.url);
  await worker.processor.start();
  expect(await Promise.all(waiting)).toEqual([true, true]);
  expect(await ask(standby, isFresh, token)).toEqual([true]);
  expect(await ask(standby, waitUntilFresh, token)).toEqual([true]);
  expect(await standby.query('select amount from total')).toEqual([{ amount: 3 }]);
  await worker.processor.stop();
  await clients[0].close();
  expect(worker.errors()).toEqual([]);
});

test('a wait on the standby gives way when its own snapshot holds up what it waits for', async () => {
  await primary.query('create table noise (n integer); insert into noise values (1)');
  const token = await write(4);
  await untilReplayed(primary, standby);
  const waiter = await standby.connect();
  const wait = () => waiter.query("select pgauto_mv.wait_until_fresh('total', $1::xid8, '10 min') as fresh", [token]);
  const waiting = wait();
  await until(
    async () =>
      (
        await standby.query("select from pg_stat_activity where wait_event = 'PgSleep' and backend_xmin is not null")
      )[0],
    'it waits, with a snapshot',
  );
  // The row is gone for everybody but that snapshot, and the refresh comes behind its removal.
  await primary.query('delete from noise');
  await primary.query('vacuum noise');
  await primary.query('call pgauto_mv.refresh_due()');
  expect(await ask(primary, isFresh, token)).toEqual([true]);
  expect((await waiting).rows).toEqual([{ fresh: false }]);
  await until(async () => (await wait()).rows[0].fresh, 'the next wait sees it');
  expect(await standby.query('select amount from total')).toEqual([{ amount: 7 }]);
});

test('promoted while Processors wait: they go on with everything that was replicated, without a restart', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/held.mjs', import.meta.url))], {
    env: { ...process.env, DATABASE_URL: primary.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const [held] = await primary.query<{ id: string }>("select pgrelay.notify('p.held')::text as id");
  await until(async () => out.includes(`running ${held?.id}`), 'the other Processor holds it');
  child.kill('SIGKILL');

  const two = [1, 2].map(() =>
    makeProcessor(standby.url, {
      server: { port: 0 },
      handlers: [
        defineHandler('p.tx', { mode: 'transactional' }, async (event, ctx) => {
          await ctx.tx.query("insert into ledger values ($1, 'p.tx')", [event.id]);
        }),
        defineHandler('p.held', async (event) => {
          await standby.query("insert into ledger values ($1, 'p.held')", [event.id]);
        }),
      ],
    }),
  );
  const starting = two.map(({ processor }) => processor.start());
  for (const { processor } of two) {
    await until(async () => processor.url !== undefined, 'it listens');
    await until(
      async () => (await (await fetch(`${processor.url}/readyz`)).text()).includes('"code":"standby"'),
      'it says that it waits',
    );
    expect(processor.slot).toBeUndefined();
  }

  const sent = await primary.query<{ id: string; channel: string }>(`
    select 'p.sql' as channel, pgrelay.notify('p.sql')::text as id from generate_series(1, 20)
    union all select 'p.tx', pgrelay.notify('p.tx')::text from generate_series(1, 20)
    union all select 'p.tx', pgrelay.notify('p.tx', p_run_at => now() + interval '1 second')::text
    union all select 'p.hook', pgrelay.notify('p.hook', '{}')::text`);
  const token = await write(8);
  await untilReplayed(primary, standby);
  const beats = async (server: OwnServer) =>
    server.query("select from pgrelay.log where channel = 'cron.beat' and outcome = 'done'");
  const before = (await beats(standby)).length;
  const next = (job: string) => standby.query('select next_planned_at from pgrelay_cron.jobs where name = $1', [job]);
  const waiting = [await next('beat'), await next('skips')];
  await primary.kill();
  // Jobs are due all the while; nobody sends them in recovery, or tries to.
  await until(
    async () =>
      (await standby.query("select from pgrelay_cron.jobs where next_fire_at < now() - interval '3 s'")).length === 2,
    'occurrences of both jobs are overdue',
  );
  expect([await next('beat'), await next('skips')]).toEqual(waiting);
  await promote(standby);
  await Promise.all(starting);
  expect(new Set(two.map(({ processor }) => processor.slot)).size).toBe(2);

  await until(
    async () => (await standby.query("select from pgrelay.events where channel like 'p.%'")).length === 0,
    'every event has run',
  );
  const ledger = await standby.query(
    "select event_id::text as id, channel from ledger where channel like 'p.%' order by event_id",
  );
  expect(ledger.filter(({ channel }) => channel === 'p.held')).toEqual([{ id: held?.id, channel: 'p.held' }]);
  expect(new Set(ledger.map(({ id }) => id)).size).toBe(ledger.length);
  const ids = new Set(ledger.map(({ id }) => id));
  for (const { id, channel } of sent) if (channel !== 'p.hook') expect(ids.has(id)).toBe(true);
  expect(
    await standby.query('select outcome, attempt from pgrelay.log where event_id = $1 order by attempt', [held?.id]),
  ).toEqual([
    { outcome: 'lost', attempt: 1 },
    { outcome: 'done', attempt: 2 },
  ]);
  expect(delivered).toEqual(['/hook']);
  expect(await standby.query('select code from pgrelay_http.get_http_problems()')).toEqual([]);

  expect(
    await standby.query("select pgauto_mv.wait_until_fresh('total', $1::xid8, '1 min') as fresh", [token]),
  ).toEqual([{ fresh: true }]);
  expect(await standby.query('select amount from total')).toEqual([{ amount: 15 }]);

  await until(async () => (await beats(standby)).length > before + 2, 'the job goes on');
  expect(
    await standby.query("select from pgrelay_cron.runs where job = 'beat' group by planned_at having count(*) > 1"),
  ).toEqual([]);
  // A miss of what was due first while the primary was away, by the job's policy; the other job sent the latest of them.
  expect(
    await standby.query(
      "select job from pgrelay_cron.misses where problem = 'missed' and planned_at = $1 and until >= planned_at",
      [waiting[1]?.[0]?.['next_planned_at']],
    ),
  ).toEqual([{ job: 'skips' }]);
  expect(await standby.query('select id from pgrelay.node')).toHaveLength(1);
  expect(two.flatMap(({ errors }) => errors())).toEqual([]);
});
