import { until } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refresh } from './support/refresh.js';
import { type SuperuserServer, startSuperuserServer } from './support/superuser-server.js';

// A server of its own: a subscription, and a session that is a replica, take a superuser.
let server: SuperuserServer;
let publisher: pg.Client;
let subscriber: pg.Client;

beforeAll(async () => {
  server = await startSuperuserServer();
  await server.createDatabase('publisher', false);
  await server.createDatabase('subscriber', true);
  publisher = await server.connect('publisher');
  subscriber = await server.connect('subscriber');
}, 120_000);

afterAll(async () => {
  await subscriber?.query('drop subscription if exists sub');
  await server?.stop();
});

/** A table, and a view over it that does, or does not, fire on a replica. */
async function view(table: string, fireOnReplica: boolean): Promise<string> {
  const name = `${table}_${fireOnReplica ? 'yes' : 'no'}`;
  await subscriber.query(`create materialized view ${name} as select sum(n) as n from ${table}`);
  const { rows } = await subscriber.query(
    `select pgauto_mv.register_mv('${name}'::regclass, p_fire_on_replica => ${fireOnReplica}) as id`,
  );
  await refresh(subscriber, rows[0].id);
  return rows[0].id;
}

async function changes(mv: string): Promise<string[]> {
  const { rows } = await subscriber.query<{ operation: string }>(
    `select split_part(w.operation, ' ', 1) as operation from pgauto_mv.change c join pgauto_mv.watch w on w.id = c.watch_id
     join pgauto_mv.view_watch d on d.watch_id = w.id where d.mv_id = $1 order by c.xid, c.at`,
    [mv],
  );
  return rows.map((row) => row.operation);
}

async function problems(object: string): Promise<string[]> {
  const { rows } = await subscriber.query<{ code: string }>(
    'select distinct code from pgauto_mv.get_mv_problems() where object = $1 order by 1',
    [object],
  );
  return rows.map((row) => row.code);
}

const arrived = (sql: string) =>
  until(async () => (await subscriber.query<{ ok: boolean }>(`select (${sql}) as ok`)).rows[0]?.ok, `${sql} arrived`);

test('what a subscription writes is noticed where the view asks for it, one row a watch and transaction; elsewhere it is a problem', async () => {
  for (const client of [publisher, subscriber]) {
    await client.query('create table orders (id integer primary key, n integer)');
    await client.query(
      'create table parts (id integer, k integer, n integer, primary key (id, k)) partition by list (k)',
    );
    await client.query('create table parts_1 partition of parts for values in (1)');
  }
  // The owner of the subscription may not act as this owner freely: settings are undone after each row it writes.
  await subscriber.query('create role plain_owner');
  await subscriber.query('grant create, usage on schema public to plain_owner');
  await subscriber.query('alter table parts owner to plain_owner');
  await subscriber.query('alter table parts_1 owner to plain_owner');
  await publisher.query('insert into orders select g, g from generate_series(1, 500) g');
  await publisher.query('create publication pub for table orders, parts');
  await publisher.query("select pg_create_logical_replication_slot('sub', 'pgoutput')");
  const [yes, parts] = [await view('orders', true), await view('parts', true)];
  await view('orders', false);
  expect(await problems('public.orders')).toEqual([]);

  await subscriber.query(
    `create subscription sub connection '${server.urlOf('publisher')}' publication pub with (create_slot = false, slot_name = 'sub')`,
  );
  await arrived('select count(*) = 500 from orders');
  expect(await changes(yes)).toEqual(['INSERT']);
  expect(await problems('public.orders')).toEqual(['replication_not_watched']);

  await publisher.query('begin');
  await publisher.query('insert into orders select g, g from generate_series(1001, 1300) g');
  await publisher.query('update orders set n = -1 where id < 100');
  await publisher.query('delete from orders where id = 1');
  await publisher.query('commit');
  await arrived('select not exists (select from orders where id = 1)');
  expect((await changes(yes)).sort()).toEqual(['DELETE', 'INSERT', 'INSERT', 'UPDATE']);

  await publisher.query('begin');
  await publisher.query('insert into parts select g, 1, g from generate_series(1, 300) g');
  await publisher.query('update parts set n = -1');
  await publisher.query('commit');
  await arrived('select count(*) = 300 from parts where n = -1');
  expect((await changes(parts)).sort()).toEqual(['INSERT', 'UPDATE']);

  await publisher.query('truncate orders');
  await arrived('select not exists (select from orders)');
  expect((await changes(yes)).at(-1)).toBe('TRUNCATE');
});

test('a session that is a replica: noticed once alter_mv() has set fire_on_replica, as are local sessions', async () => {
  await subscriber.query('create table local (id integer primary key, n integer)');
  const mv = await view('local', false);
  const write = async () => {
    await subscriber.query("set session_replication_role = 'replica'");
    await subscriber.query(
      'insert into local select g, g from generate_series((select count(*) from local) + 1, (select count(*) from local) + 50) g',
    );
    await subscriber.query("set session_replication_role = 'origin'");
  };
  await write();
  expect(await changes(mv)).toEqual([]);
  await subscriber.query("select pgauto_mv.alter_mv('local_no'::regclass, p_fire_on_replica => true)");
  await refresh(subscriber, mv);
  await write();
  await subscriber.query('insert into local values (1001, 1)');
  expect(await changes(mv)).toEqual(['INSERT', 'INSERT']);
});

test('rows that a replica wrote without it are noticed by the counters of the server, and reported', async () => {
  await subscriber.query('create table counted (id integer primary key, n integer)');
  const mv = await view('counted', false);
  const look = async () =>
    (await subscriber.query<{ n: number }>('select pgauto_mv.notice_bypass_v1()::int as n')).rows[0]?.n;
  const counted = (n: number) => arrived(`select pg_stat_get_tuples_inserted('counted'::regclass) = ${n}`);
  const write = async (id: number) => {
    await subscriber.query(`insert into counted values (${id}, ${id})`);
    await subscriber.query('select pg_stat_force_next_flush()');
    await counted(id);
  };
  const dirty = async () =>
    (await subscriber.query<{ dirty: boolean }>('select dirty from pgauto_mv.freshness where id = $1', [mv])).rows[0]
      ?.dirty;
  await look();

  await write(1);
  await refresh(subscriber, mv);
  await subscriber.query('select pgauto_mv.collect_v1()');
  expect([await look(), await dirty()]).toEqual([0, false]); // a trigger fired

  await subscriber.query("update pgauto_mv.log set at = at - interval '10 min' where kind = 'firing'");
  await subscriber.query("set session_replication_role = 'replica'");
  await write(2);
  await subscriber.query("set session_replication_role = 'origin'");
  expect(await dirty()).toBe(false); // nobody could know
  expect([await look(), await dirty(), await look()]).toEqual([1, true, 0]);
  expect(await problems('public.counted')).toEqual(['writes_unnoticed']);
});

test('a role or database whose sessions are replicas is a problem row', async () => {
  await subscriber.query("alter database subscriber set session_replication_role = 'replica'");
  expect(await problems('every role')).toEqual(['triggers_bypassed']);
  await subscriber.query('alter database subscriber reset session_replication_role');
  expect(await problems('every role')).toEqual([]);
});

test('when no view wants it any more, clean_mv() takes the triggers for replication off', async () => {
  const triggers = () =>
    subscriber.query("select tgname from pg_trigger where tgrelid = 'local'::regclass and tgname like '%_replica'");
  expect((await triggers()).rowCount).toBeGreaterThan(0);
  await subscriber.query('update pgauto_mv.mv set fire_on_replica = false');
  await subscriber.query('select * from pgauto_mv.clean_mv()');
  expect((await triggers()).rowCount).toBe(0);
});
