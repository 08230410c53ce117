import { afterAll, beforeAll, expect, test } from 'vitest';
import { refresh } from './support/refresh.js';
import { type SuperuserServer, startSuperuserServer } from './support/superuser-server.js';

// A server of its own, that can be started again.
let server: SuperuserServer;
beforeAll(async () => {
  server = await startSuperuserServer();
  await server.createDatabase('shop', true);
}, 120_000);
afterAll(() => server?.stop());

test('a gate survives a restart of the server, and what was loaded before and after it gets into the view', async () => {
  let client = await server.connect('shop');
  await client.query('create table orders (n integer)');
  await client.query('create materialized view total as select sum(n)::int as n from orders');
  const { rows } = await client.query("select pgauto_mv.register_mv('total'::regclass, p_cooldown => 0) as id");
  await refresh(client, rows[0].id);
  await client.query("select pgauto_mv.gate_source('orders')");
  await client.query('insert into orders values (1)');

  await server.restart();
  client = await server.connect('shop');
  await client.query('insert into orders values (2)');
  expect((await client.query('select from pgauto_mv.change')).rowCount).toBe(0);
  const problems = "select object from pgauto_mv.get_mv_problems() where code = 'source_gated'";
  expect((await client.query(problems)).rows).toEqual([{ object: 'public.orders' }]);
  expect((await client.query('select dirty from pgauto_mv.freshness')).rows).toEqual([{ dirty: true }]);
  expect(await refresh(client, rows[0].id, 'trigger', null)).toMatchObject({ kind: 'skipped', reason: 'gated' });

  await client.query("select pgauto_mv.ungate_source('orders')");
  expect(await refresh(client, rows[0].id, 'first', null)).toMatchObject({ kind: 'done' });
  expect((await client.query('select n from total')).rows).toEqual([{ n: 3 }]);
  expect((await client.query('select dirty from pgauto_mv.freshness')).rows).toEqual([{ dirty: false }]);
});
