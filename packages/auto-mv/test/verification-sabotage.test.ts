import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refresh } from './support/refresh.js';
import { type SuperuserServer, startSuperuserServer } from './support/superuser-server.js';

// A server of its own: a session that is a replica takes a superuser.
let server: SuperuserServer;
let client: pg.Client;
let other: pg.Client;
beforeAll(async () => {
  server = await startSuperuserServer();
  await server.createDatabase('shop', true);
  client = await server.connect('shop');
  other = await server.connect('shop');
  await client.query(
    'create table orders (id integer primary key generated always as identity, amount numeric, at timestamptz not null default now())',
  );
}, 120_000);
afterAll(() => server?.stop());

let view = '';
let id = '';
let made = 0;
/** A registered view, refreshed. */
async function register(query = 'select count(*) as n, sum(amount) as total from orders'): Promise<void> {
  view = `v_${++made}`;
  await client.query(`create materialized view ${view} as ${query}`);
  id =
    (await client.query<{ id: string }>(`select pgauto_mv.register_mv('${view}'::regclass, p_cooldown => 0) as id`))
      .rows[0]?.id ?? '';
  await refresh(client, id);
}
beforeEach(async () => {
  await client.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await register();
});

const verify = async () =>
  (await client.query<{ p_outcome: string }>(`call pgauto_mv.verify_mv('${view}')`)).rows[0]?.p_outcome;
const dirty = async () =>
  (await client.query<{ dirty: boolean }>('select dirty from pgauto_mv.freshness where id = $1', [id])).rows[0]?.dirty;
const incidents = async () =>
  (
    await client.query<{ cause: string; how: string | null }>(
      'select cause, repaired_how as how from pgauto_mv.incidents where mv_id = $1 order by id',
      [id],
    )
  ).rows;
const problems = async () =>
  (
    await client.query<{ code: string }>(
      "select code from pgauto_mv.get_mv_problems() where object = $1 and code ~ '^contents_differ'",
      [`public.${view}`],
    )
  ).rows;

/** Found, recorded with a cause, a problem; gone after the refresh that it brings about, and the incident stays. */
async function isFoundAndRepaired(cause: RegExp): Promise<void> {
  expect(await dirty()).toBe(false); // nothing else would notice
  expect(await verify()).toBe('differs');
  expect(await incidents()).toEqual([{ cause: expect.stringMatching(cause), how: null }]);
  expect([await dirty(), await problems()]).toEqual([true, [{ code: 'contents_differ' }]]);
  await refresh(client, id, 'first', null);
  expect(await verify()).toBe('equal');
  expect([await problems(), await incidents()]).toEqual([
    [],
    [{ cause: expect.stringMatching(cause), how: 'refreshed' }],
  ]);
}

describe('what went past the triggers is found, recorded and repaired:', () => {
  test('a write of a session that is a replica', async () => {
    await other.query("set session_replication_role = 'replica'");
    await other.query('insert into orders (amount) values (1)');
    await other.query("set session_replication_role = 'origin'");
    await isFoundAndRepaired(/^(unknown: a write that no trigger saw|written past the triggers)/);
  });

  test('a write while a trigger is off, that of one operation', async () => {
    const { rows } = await client.query<{ name: string }>(
      "select tgname as name from pg_trigger where tgrelid = 'orders'::regclass and tgtype & 4 = 4 and not tgisinternal",
    );
    await client.query(`alter table orders disable trigger ${rows[0]?.name}`);
    await client.query('select pgauto_mv.repair_view_v1()');
    await refresh(client, id);
    await client.query('insert into orders (amount) values (2)');
    await isFoundAndRepaired(/^trigger disabled: pgauto_mv_\d+ on public\.orders does not fire for INSERT$/);
    await client.query(`alter table orders enable trigger ${rows[0]?.name}`);
  });

  test('a REFRESH by hand under a snapshot that is older than our refresh', async () => {
    await other.query('begin isolation level repeatable read');
    await other.query('select from orders');
    await client.query('insert into orders (amount) values (3)');
    await refresh(client, id, 'trigger', null);
    expect(await verify()).toBe('equal');
    await other.query(`refresh materialized view ${view}`);
    await other.query('commit');
    await isFoundAndRepaired(/^unknown: .*REFRESH by hand/);
  });

  test('a REFRESH by hand in a session with other settings', async () => {
    await client.query("insert into orders (amount, at) values (4, '2024-01-01 12:00+00')");
    await register('select at::date as day, count(*) as n from orders group by 1');
    await other.query("set timezone = 'Pacific/Kiritimati'");
    await other.query(`refresh materialized view ${view}`);
    await other.query('reset timezone');
    await isFoundAndRepaired(/^unknown: .*REFRESH by hand/);
  });

  test('a function that is declared IMMUTABLE and reads a table, by a REFRESH by hand with another search_path too', async () => {
    await client.query('create schema elsewhere');
    await client.query(
      'create table rate (r numeric); insert into rate values (2); create table elsewhere.rate (r numeric); insert into elsewhere.rate values (3)',
    );
    await client.query(
      "create function rated(n numeric) returns numeric immutable language plpgsql set search_path = public as 'begin return n * (select r from rate); end'",
    );
    await register('select sum(rated(amount)) as n from orders');
    expect(await verify()).toBe('equal');
    await client.query('update rate set r = 5');
    await isFoundAndRepaired(/^a function that is declared IMMUTABLE and may not be: public\.rated\(numeric\)$/);
    // Before PostgreSQL 17 a REFRESH runs in the search_path of its session; from then on in one of its own.
    await client.query('alter function rated(numeric) reset search_path');
    const { rows } = await client.query<{ old: boolean }>(
      "select current_setting('server_version_num')::int < 170000 as old",
    );
    if (rows[0]?.old !== true) return;
    await client.query('select pgauto_mv.repair_view_v1()');
    await refresh(client, id);
    expect(await verify()).toBe('equal');
    await other.query('set search_path = elsewhere, public');
    await other.query(`refresh materialized view ${view}`);
    await other.query('reset search_path');
    expect(await verify()).toBe('differs');
  });
});
