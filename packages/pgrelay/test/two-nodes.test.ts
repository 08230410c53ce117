import { defineHandler } from '@pgrelay/relay-core';
import { migrateModules, OwnServer, until } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guideSql, guideSqlFor } from './support/guide.js';
import { startProcessor } from './support/processors.js';

// Two servers that replicate a table to each other, set up with the SQL of the guide.
const version = process.env['PGRELAY_TEST_PG'] === '15' ? '15' : '16';
let a: OwnServer;
let b: OwnServer;
const nodes = () => [
  { name: 'a', server: a, other: b },
  { name: 'b', server: b, other: a },
];

beforeAll(async () => {
  [a, b] = await Promise.all([OwnServer.start(), OwnServer.start()]);
  for (const { server } of nodes()) {
    await migrateModules(server.url);
    await server.query(guideSql('both'));
    await server.query('create materialized view blind as select count(*) as n from item');
    await server.query("select pgauto_mv.register_mv('blind', p_cooldown => 0)");
  }
  for (const { name, server, other } of nodes())
    await server.query(guideSqlFor(`publish-${version}`, name as 'a' | 'b', other.conninfo()));
  for (const { name, server, other } of nodes())
    await server.query(guideSqlFor(`subscribe-${version}`, name as 'a' | 'b', other.conninfo()));
}, 120_000);

afterAll(async () => {
  await a?.query('drop subscription if exists from_b').catch(() => undefined);
  await b?.query('drop subscription if exists from_a').catch(() => undefined);
  await Promise.all([a?.remove(), b?.remove()]);
});

const rows = (server: OwnServer) => server.query('select node, id::text, amount from item order by 1, 2');

/** Until both have what both wrote. */
const untilEqual = () =>
  until(async () => {
    const [one, other] = await Promise.all([rows(a), rows(b)]);
    return JSON.stringify(one) === JSON.stringify(other);
  }, 'both nodes have the same rows');

const untilFresh = (server: OwnServer, view: string) =>
  until(
    async () =>
      (await server.query('select from pgauto_mv.freshness where view_name = $1 and not dirty', [view])).length === 1,
    `${view} is fresh`,
  );

/** Rows that the view has and its query has not, and the other way round. */
const difference = (server: OwnServer, view: string, query: string) =>
  server.query(`(select * from ${view} except all (${query})) union all ((${query}) except all select * from ${view})`);

const query = 'select node, count(*) as items, sum(amount) as amount from item group by node';

/** A program on one node: rows of its own are inserted, changed and deleted, some in transactions that are undone. */
async function write(name: string, server: OwnServer, writer: number): Promise<void> {
  const client = await server.connect();
  for (let n = 0; n < 60; n += 1) {
    const id = writer * 1000 + n;
    await client.query('begin');
    await client.query('insert into item values ($1, $2, $3)', [name, id, n]);
    if (n % 3 === 0) await client.query('update item set amount = amount + 1 where node = $1 and id = $2', [name, id]);
    if (n % 5 === 0) {
      await client.query('savepoint s');
      await client.query('delete from item where node = $1', [name]);
      await client.query('rollback to s');
    }
    if (n % 7 === 6) await client.query('delete from item where node = $1 and id = $2', [name, id - 3]);
    await client.query(n % 11 === 10 ? 'rollback' : 'commit');
    // Each event is sent beside the row, as programs do.
    if (n % 11 !== 10) await client.query("select pgrelay.notify('work', $1)", [JSON.stringify(`${name} ${id}`)]);
  }
  await client.end();
}

test('each node works its own events only, and its views are exactly what was written on both', async () => {
  const ran: Record<string, string[]> = { a: [], b: [] };
  const started = [];
  for (const { name, server } of nodes()) {
    await server.query("select pgrelay.register_channel('work')");
    const handlers = [
      defineHandler('work', (event) => {
        ran[name]?.push(String(event.payload));
      }),
    ];
    started.push(await startProcessor(server.url, { handlers }));
  }
  await Promise.all(nodes().flatMap(({ name, server }) => [1, 2].map((writer) => write(name, server, writer))));
  await untilEqual();
  for (const { name, server } of nodes()) {
    await until(
      async () => (await server.query("select from pgrelay.events where channel = 'work'")).length === 0,
      'every event has run',
    );
    expect(ran[name]).toHaveLength(2 * 55);
    expect(new Set(ran[name]).size).toBe(2 * 55);
    expect(ran[name]?.every((payload) => payload.startsWith(`${name} `))).toBe(true);
    await untilFresh(server, 'total');
    expect(await difference(server, 'total', query)).toEqual([]);
    expect(await server.query('select node from total order by 1')).toEqual([{ node: 'a' }, { node: 'b' }]);
  }
  expect(started.flatMap(({ errors }) => errors())).toEqual([]);

  // One change on a: both views follow, each by a refresh of its own node.
  const refreshes = async (server: OwnServer) =>
    (
      await server.query<{ refreshes: string }>("select refreshes from pgauto_mv.freshness where view_name = 'total'")
    )[0]?.refreshes;
  const before = [await refreshes(a), await refreshes(b)];
  const [row] = await a.query<{ token: string }>(
    "with i as (insert into item values ('a', 999999, 1000000)) select pg_current_xact_id()::text as token",
  );
  expect(await a.query("select pgauto_mv.wait_until_fresh('total', $1::xid8, '1 min') as fresh", [row?.token])).toEqual(
    [{ fresh: true }],
  );
  await untilEqual();
  await untilFresh(b, 'total');
  const after = [await refreshes(a), await refreshes(b)];
  for (const n of [0, 1]) expect(Number(after[n])).toBeGreaterThan(Number(before[n]));
  for (const { server } of nodes()) expect(await difference(server, 'total', query)).toEqual([]);
});

test('a view that does not see replication is a problem until its remedy is run; then it follows the other node', async () => {
  for (const { server } of nodes()) {
    await startProcessor(server.url);
    const found = () =>
      server.query<{ code: string; object: string; evidence: string; remedy: string }>(
        "select * from pgauto_mv.get_mv_problems() where code like 'replication%'",
      );
    const [problem, ...others] = await found();
    expect(problem).toMatchObject({
      code: 'replication_not_watched',
      object: 'public.item',
      evidence: expect.stringContaining('public.blind'),
    });
    expect(others).toEqual([]);
    await server.query(problem?.remedy ?? '');
    expect(await found()).toEqual([]);
  }
  for (const { name, server } of nodes()) await server.query('insert into item values ($1, 1000000, 1)', [name]);
  await untilEqual();
  for (const { server } of nodes()) {
    await untilFresh(server, 'blind');
    expect(await difference(server, 'blind', 'select count(*) as n from item')).toEqual([]);
  }
});

test("a trigger that sends an event does so where the row is written; enabled always, on each node, as that node's own event", async () => {
  const got: Record<string, string[]> = { a: [], b: [] };
  for (const { name, server } of nodes()) {
    await server.query("select pgrelay.register_channel('item.new')");
    await server.query(`create function tell() returns trigger language plpgsql as
      $$ begin perform pgrelay.notify('item.new', to_json(new.node || ' ' || new.id)::text); return null; end $$;
      create trigger tell after insert on item for each row execute function tell()`);
    await startProcessor(server.url, {
      handlers: [defineHandler('item.new', (event) => void got[name]?.push(String(event.payload)))],
    });
  }
  const untilIdle = (server: OwnServer) =>
    until(
      async () => (await server.query("select from pgrelay.events where channel = 'item.new'")).length === 0,
      'its events have run',
    );
  await a.query("insert into item values ('a', 2000000, 1)");
  await untilEqual();
  for (const { server } of nodes()) await untilIdle(server);
  expect(got).toEqual({ a: ['a 2000000'], b: [] });

  await b.query('alter table item enable always trigger tell');
  await a.query("insert into item values ('a', 2000001, 1)");
  await untilEqual();
  for (const { server } of nodes()) await untilIdle(server);
  expect(got).toEqual({ a: ['a 2000000', 'a 2000001'], b: ['a 2000001'] });
  expect(
    await b.query(
      "select distinct l.node = n.id as own, outcome from pgrelay.log l, pgrelay.node n where n.is_this and channel = 'item.new'",
    ),
  ).toEqual([{ own: true, outcome: 'done' }]);
});

test.runIf(version === '16')('both nodes may change a row that the other wrote', async () => {
  for (const { server } of nodes()) await startProcessor(server.url);
  await a.query("insert into item values ('a', 3000000, 1)");
  await untilEqual();
  await b.query('update item set amount = 7 where id = 3000000');
  await untilEqual();
  expect(await a.query('select amount from item where id = 3000000')).toEqual([{ amount: 7 }]);
  await b.query('delete from item where id = 3000000');
  await untilEqual();
  for (const { server } of nodes()) {
    await untilFresh(server, 'total');
    expect(await difference(server, 'total', query)).toEqual([]);
  }
});

test('none of it is a problem of the relay', async () => {
  for (const { server } of nodes())
    expect(await server.query("select code from pgrelay.get_problems() where code <> 'no_processor'")).toEqual([]);
});
