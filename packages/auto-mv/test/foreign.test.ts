import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SuperuserServer, startSuperuserServer } from './support/superuser-server.js';

// A server of its own: a foreign data wrapper takes a superuser.
let server: SuperuserServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startSuperuserServer();
  await server.createDatabase('local', true);
  client = await server.connect('local');
  await client.query('create foreign data wrapper nothing');
  await client.query('create server nowhere foreign data wrapper nothing');
}, 120_000);
afterAll(() => server?.stop());

/** A partitioned table with one partition here, and a view over it that is never filled: nobody serves the other one. */
async function family(p: string): Promise<void> {
  await client.query(`create table ${p} (k integer, n integer, unused integer) partition by list (k)`);
  await client.query(`create table ${p}_1 partition of ${p} for values in (1)`);
  await client.query(`create materialized view v${p} as select sum(n) as n from ${p} with no data`);
}

const addForeign = (p: string) =>
  client.query(`create foreign table ${p}_9 partition of ${p} for values in (9) server nowhere`);

async function triggers(p: string): Promise<{ event: string; rows: boolean }[]> {
  const { rows } = await client.query<{ event: string; rows: boolean }>(
    `select substring(pg_get_triggerdef(t.oid) from 'AFTER (\\w+)') as event, coalesce(t.tgoldtable, t.tgnewtable) is not null as rows
     from pg_trigger t where t.tgrelid = $1::regclass order by 1`,
    [p],
  );
  return rows;
}

const noticed = async (p: string) => {
  const { rows } = await client.query<{ operation: string }>(
    `select distinct w.operation from pgauto_mv.change c join pgauto_mv.watches w on w.watch_id = c.watch_id where w.relation = $1`,
    [`public.${p}`],
  );
  return rows.map((row) => row.operation);
};

const withoutRows = ['DELETE', 'INSERT', 'TRUNCATE', 'UPDATE'].map((event) => ({ event, rows: false }));

test('with a foreign table among the partitions no trigger of the parent collects rows, which PostgreSQL refuses', async () => {
  await family('p');
  await addForeign('p');
  await client.query("select pgauto_mv.register_mv('vp'::regclass)");
  expect(await triggers('p')).toEqual(withoutRows);
  const { rows } = await client.query(
    "select why from pgauto_mv.watches where relation = 'public.p' and operation = 'UPDATE'",
  );
  expect(rows).toEqual([{ why: 'public.p_9 is a foreign table' }]);
  const unwatched = await client.query('select object, reason from pgauto_mv.unwatched');
  expect(unwatched.rows).toEqual([
    { object: 'public.p_9', reason: 'a foreign table is written elsewhere, where no trigger of ours fires' },
  ]);
  await client.query('insert into p values (1, 1)');
  expect(await noticed('p')).toEqual(['INSERT']);
});

test('a foreign partition that comes later has the triggers of the parent replaced', async () => {
  await family('q');
  await client.query("select pgauto_mv.register_mv('vq'::regclass)");
  expect((await triggers('q')).some((trigger) => trigger.rows)).toBe(true);
  await addForeign('q');
  for (;;) {
    const { rows } = await client.query('select coalesce(pgauto_mv.repair_v1(), pgauto_mv.repair_view_v1()) as id');
    if (rows[0].id === null) break;
  }
  expect((await triggers('q')).filter((trigger) => trigger.rows)).toEqual([]);
  await client.query('insert into q values (1, 1)');
  expect(await noticed('q')).toContain('INSERT');
});
