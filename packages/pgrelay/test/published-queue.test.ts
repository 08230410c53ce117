import { defineHandler } from '@pgrelay/relay-core';
import { migrateModules, OwnServer, until } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProcessor } from './support/processors.js';

interface Problem {
  readonly code: string;
  readonly object: string;
  readonly evidence: string;
  readonly remedy: string;
}

// Publications of every table take a superuser: two servers of the test's own, which are the nodes a and b.
let a: OwnServer;
let b: OwnServer;

beforeAll(async () => {
  [a, b] = await Promise.all([OwnServer.start(), OwnServer.start()]);
  for (const node of [a, b]) {
    await migrateModules(node.url);
    await node.query(`create schema shop; create table shop.orders (id integer primary key); create table shop.done (event_id bigint);
      grant usage on schema shop to pgrelay; grant insert on shop.done to pgrelay`);
  }
});

afterAll(async () => {
  await b?.query('drop subscription if exists from_a').catch(() => undefined);
  await Promise.all([a?.remove(), b?.remove()]);
});

const problems = (node: OwnServer, like = '%') =>
  node.query<Problem & pg.QueryResultRow>(
    "select code, object, evidence, remedy from pgrelay.get_problems() where code like $1 and code <> 'no_processor' order by 1, 2",
    [like],
  );
const codes = async (node: OwnServer, like = '%') =>
  (await problems(node, like)).map(({ code, object }) => `${code} ${object}`);
const published = async () =>
  (
    await a.query<{ name: string }>(
      "select schemaname || '.' || tablename as name from pg_publication_tables where pubname = 'p' order by 1",
    )
  ).map(({ name }) => name);

test('events that come by replication all the same are never run here, say where they are from, and can be adopted', async () => {
  // The worst case: both nodes count their nodes and channels from 1, so that what arrives looks like our own.
  const channels = `select pgrelay.register_channel('r.sql', 'insert into shop.done select (pgrelay.current_event()).id'),
    pgrelay.declare_handlers_v1(array['r.leased', 'r.tx', 'r.slow'], array['leased', 'transactional', 'leased'], true)`;
  await a.query(channels);
  await b.query(channels);
  const ids = (node: OwnServer) =>
    node.query('select name, id from pgrelay.channel where name like $1 order by 1', ['r.%']);
  await b.query("select setval('pgrelay.event_id_seq', 1000000)");
  await a.query('create publication p for table pgrelay.queue, pgrelay.delayed');
  await a.query("select pg_create_logical_replication_slot('from_a', 'pgoutput')");
  await a.query("select pgrelay.notify('r.leased')"); // it comes with the first copy of the table
  await b.query(
    `create subscription from_a connection '${a.conninfo()}' publication p with (create_slot = false, slot_name = 'from_a')`,
  );
  expect(await ids(a)).toHaveLength(4);
  expect(await ids(b)).toEqual(await ids(a));

  const ran: string[] = [];
  const note = (event: { id: string }) => void ran.push(event.id);
  const handlers = [
    defineHandler('r.leased', note),
    defineHandler('r.tx', { mode: 'transactional' }, note),
    defineHandler('r.slow', note),
  ];
  const onB = await startProcessor(b.url, { handlers });

  const sendAll = (node: OwnServer) =>
    node.query<{ id: string }>(
      `select unnest(array[pgrelay.notify('r.sql'), pgrelay.notify('r.leased'), pgrelay.notify('r.tx'),
        pgrelay.notify('r.leased', p_run_at => now() + interval '1 hour')])::text as id`,
    );
  const [queued, , , later] = (await sendAll(a)).map(({ id }) => id);
  const there = (where: string) =>
    b.query<{ id: string; state: string; node: number; slot: number | null }>(
      `select id::text, state, node, slot from pgrelay.events where id < 1000000 and ${where} order by id`,
    );
  await until(async () => (await there('true')).length === 5, 'they have arrived');

  // Ones of b's own run; by then it would have taken the others, too.
  const own = (await sendAll(b)).slice(0, 3).map(({ id }) => id);
  const untilOwn = (all: readonly string[]) =>
    until(
      async () =>
        (await b.query("select from pgrelay.log where event_id = any ($1) and outcome = 'done'", [all])).length ===
        all.length,
      "the node's own events are done",
    );
  await untilOwn(own);
  expect((await there('true')).map(({ node, slot }) => ({ node, slot }))).toEqual(
    Array.from({ length: 5 }, () => ({ node: 0, slot: null })),
  );
  expect(ran.filter((id) => Number(id) < 1_000_000)).toEqual([]);
  expect(await codes(b, '%')).toEqual(
    expect.arrayContaining(['queue_subscribed subscription from_a', 'unknown_node node 0']),
  );
  expect(await codes(a, 'queue%')).toEqual(['queue_published publication p']);
  for (const id of [queued, later]) {
    const [why] = await b.query('select * from pgrelay.explain_event($1)', [id]);
    expect(why).toMatchObject({
      reason: 'unknown_node',
      evidence: expect.stringContaining('it came by logical replication from another node'),
    });
  }

  // What their own node does with them arrives as well: a claim, its being given back, the end.
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const onA = await startProcessor(a.url, {
    handlers: [defineHandler('r.slow', () => gate), defineHandler('r.leased', () => undefined)],
  });
  const [slow] = await a.query<{ id: string }>("select pgrelay.notify('r.slow')::text as id");
  await until(
    async () => (await a.query("select from pgrelay.events where id = $1 and state = 'claimed'", [slow?.id]))[0],
    'it is claimed on its own node',
  );
  await until(async () => (await there(`attempt = 1 and id = ${slow?.id}`))[0], 'the claim has arrived');
  expect(await there(`id = ${slow?.id}`)).toMatchObject([{ state: 'ready', node: 0, slot: null }]);
  await onA.processor.stop({ force: true });
  open();
  const [marker] = await a.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  await until(
    async () =>
      (
        await a.query("select from pg_replication_slots where slot_name = 'from_a' and confirmed_flush_lsn >= $1", [
          marker?.lsn,
        ])
      )[0],
    'all of it has arrived',
  );
  await untilOwn((await sendAll(b)).slice(0, 3).map(({ id }) => id));
  expect((await there('true')).every(({ node }) => node === 0)).toBe(true);
  expect(ran.filter((id) => Number(id) < 1_000_000)).toEqual([]);
  expect(onB.errors()).toEqual([]);

  // The remedies, in their order; then what is left is adopted, and runs here.
  for (const node of [a, b]) for (const { remedy } of await problems(node, 'queue%')) await node.query(remedy);
  expect([...(await codes(a, 'queue%')), ...(await codes(b, 'queue%'))]).toEqual([]);
  const left = (await there('state = $$ready$$')).map(({ id }) => id);
  expect(left).toContain(slow?.id);
  const [unknown] = await problems(b, 'unknown_node');
  expect(unknown?.remedy).toContain('select pgrelay.adopt_events(0::smallint)');
  await b.query('select pgrelay.adopt_events(0::smallint)');
  await untilOwn(left);
  expect(await codes(b, 'unknown_node')).toEqual([]);
  expect(new Set(ran).size).toBe(ran.length);
  await b.query('drop subscription from_a');
  await a.query('drop publication p');
});

describe('a publication that has tables of the relay is found, and gone after the remedy', () => {
  test.each([
    [
      'FOR ALL TABLES',
      "create publication p for all tables with (publish = 'insert, delete', publish_via_partition_root)",
      'queue_published',
      'it publishes every table',
      ['shop.done', 'shop.orders'],
    ],
    [
      'FOR TABLES IN SCHEMA',
      'create publication p for tables in schema pgrelay, shop',
      'queue_published',
      'it publishes the schemas pgrelay:',
      ['shop.done', 'shop.orders'],
    ],
    [
      'named tables',
      'create publication p for table pgrelay.queue, pgrelay.delayed, shop.orders',
      'queue_published',
      'it publishes pgrelay.delayed, pgrelay.queue:',
      ['shop.orders'],
    ],
    [
      'named tables and schemas',
      'create publication p for table pgrelay.log, shop.orders, tables in schema pgauto_mv, pgrelay_cron',
      'queue_published',
      'it publishes the schemas pgauto_mv, pgrelay_cron, and pgrelay.log:',
      ['shop.orders'],
    ],
    [
      'a partition of the log',
      'create publication p for table pgrelay.log_default',
      'queue_published',
      'it publishes pgrelay.log_default:',
      [],
    ],
    [
      "the schema of a plugin's",
      'create publication p for tables in schema pgrelay_http',
      'state_published',
      'it publishes the schemas pgrelay_http:',
      [],
    ],
    [
      "a plugin's table",
      'create publication p for table pgauto_mv.change, shop.orders',
      'state_published',
      'it publishes pgauto_mv.change:',
      ['shop.orders'],
    ],
  ])('%s', async (_how, create, code, evidence, left) => {
    expect(await codes(a)).toEqual([]);
    await a.query(create);
    const [found, ...others] = await problems(a);
    expect(found).toMatchObject({ code, object: 'publication p', evidence: expect.stringContaining(evidence) });
    expect(others).toEqual([]);
    const [before] = await a.query(
      'select pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot from pg_publication',
    );
    await a.query(found?.remedy ?? '');
    expect(await codes(a)).toEqual([]);
    expect(await published()).toEqual(left);
    expect(
      await a.query('select pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot from pg_publication'),
    ).toEqual([before]);
    await a.query('drop publication p');
  });

  test('FOR ALL TABLES where there are no others', async () => {
    await a.query('create database bare');
    await migrateModules(a.urlOf('bare'));
    await a.query('create publication "P q" for all tables', [], 'bare');
    const [found] = await a.query<Problem & pg.QueryResultRow>('select * from pgrelay.get_problems()', [], 'bare');
    expect(found).toMatchObject({ code: 'queue_published', object: 'publication P q' });
    await a.query(found?.remedy ?? '', undefined, 'bare');
    expect(await a.query('select * from pgrelay.get_problems()', [], 'bare')).toEqual([]);
    expect(await a.query('select pubname, puballtables from pg_publication', [], 'bare')).toEqual([
      { pubname: 'P q', puballtables: false },
    ]);
  });
});

test('every table has an identity for replication, so that a publication of every table stops no Processor of this node', async () => {
  await a.query('create publication p for all tables');
  await a.query(
    `select pgrelay.register_channel('all.sql', 'select 1'), pgrelay_cron.schedule('all', '1 second', 'select 1')`,
  );
  await a.query('create materialized view shop.n as select count(*) as n from shop.orders');
  await a.query("select pgauto_mv.register_mv('shop.n', p_cooldown => 0)");
  const ends: string[] = [];
  const { processor, lines } = await startProcessor(a.url, {
    handlers: [defineHandler('all.handler', (event) => void ends.push(event.id))],
  });
  const [sent] = await a.query<{ id: string }>(
    "select pgrelay.notify('all.sql'), pgrelay.notify('all.handler', p_run_at => now() + interval '10 ms')::text as id",
  );
  await until(async () => ends.length === 1, 'the delayed event ran');
  expect(ends).toEqual([sent?.id]);
  for (const n of [1, 2]) {
    const [row] = await a.query<{ token: string }>(
      'with o as (insert into shop.orders values ($1)) select pg_current_xact_id()::text as token',
      [n],
    );
    expect(
      await a.query("select pgauto_mv.wait_until_fresh('shop.n', $1::xid8, '1 min') as fresh", [row?.token]),
    ).toEqual([{ fresh: true }]);
  }
  // What deletes: changes that were served, rows of the default partition, lanes that are there twice.
  await a.query('select pgauto_mv.collect_v1()');
  expect(await a.query('select from pgauto_mv.change c where c.xid < pg_snapshot_xmin(pg_current_snapshot())')).toEqual(
    [],
  );
  await a.query(`insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome)
    select 1, now(), d, 1, 1, 'x', 'done' from unnest(array['2001-01-01', now() - interval '5 days']::timestamptz[]) d`);
  await a.query("select pgrelay.keep_log_v1('9 days')");
  await a.query('insert into pgrelay.lane select l.channel_id, l.priority from pgrelay.lane l');
  await a.query('select pgrelay.find_lanes_v1()');
  await a.query("call pgrelay.erase(p_channel => 'all.sql')");
  await processor.stop();
  expect(lines.filter((line) => /"level":(40|50|60)/.test(line))).toEqual([]);
  expect(
    await a.query(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pgrelay.schema_module m on m.module = n.nspname
       where c.relkind in ('r', 'p') and c.relpersistence = 'p' and (c.relreplident = 'n' or c.relreplident = 'd'
         and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary))`,
    ),
  ).toEqual([]);
  await a.query('drop publication p');
});
