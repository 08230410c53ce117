import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop } from './support/shop.js';
import { incidentsOf, verification, verifyMv } from './support/verify.js';
import { registerDerived, repairAll } from './support/watches.js';

const db = useDatabase();
let shop: Shop;
let id: string;
let client: pg.Client;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  shop = await openShop(db);
  await db.query(
    `insert into ${shop.orders} (amount, day) select n, '2024-01-01'::date + n % 3 from generate_series(1, 30) n`,
  );
  id = await registerDerived(db, shop.view);
  client = await db.connect();
  await refresh(client, id);
});

const write = (sql = `insert into ${shop.orders} (amount, day) values (1000, '2030-01-01')`) => db.query(sql);
/** Writes with the triggers off, as session_replication_role = replica does, which takes a superuser. */
const writeUnseen = async (sql?: string) => {
  await db.query(`alter table ${shop.orders} disable trigger user`);
  await repairAll(db);
  await refresh(client, id);
  await write(sql);
};
const problems = (object: string) =>
  db.query<{ code: string; remedy: string }>(
    "select code, remedy from pgauto_mv.get_mv_problems() where object = $1 and code in ('contents_differ', 'contents_differ_again', 'not_verified')",
    [object],
  );
/** Another view of the shop, registered and refreshed. */
async function view(name: string, query: string): Promise<{ name: string; id: string }> {
  const qualified = `${shop.schema}.${name}`;
  await db.query(
    `create materialized view ${qualified} as ${query.replaceAll('%O', shop.orders).replaceAll('%S', shop.schema)}`,
  );
  const mv = await registerDerived(db, qualified);
  await refresh(client, mv);
  return { name: qualified, id: mv };
}

describe('the rule', () => {
  test('a view that nothing waits for must equal its query; then it is verified until now', async () => {
    expect(await verification(db, id)).toEqual({ verified: false, verification: null, reason: null });
    expect(await verifyMv(db, shop.view)).toBe('equal');
    expect(await verification(db, id)).toEqual({ verified: true, verification: 'equal', reason: null });
    expect(await incidentsOf(db, id)).toEqual([]);
    const facts = await db.query("select detail from pgauto_mv.explain_mv($1) where topic = 'verified'", [shop.view]);
    expect(facts).toEqual([{ detail: expect.stringMatching(/^contents equalled the query at /) }]);
  });

  test('one that a change waits for is not compared, and keeps what was known of it', async () => {
    await verifyMv(db, shop.view);
    await write();
    expect(await verifyMv(db, shop.view)).toBe('dirty');
    expect(await verification(db, id)).toEqual({
      verified: true,
      verification: 'dirty',
      reason: 'changes wait for its next refresh',
    });
    await refresh(client, id);
    expect(await verifyMv(db, shop.view)).toBe('equal');
  });

  test('an open transaction, also a prepared one, is no change yet', async () => {
    const writer = await db.session('writer');
    await writer.query('begin');
    await writer.query(`insert into ${shop.orders} (amount, day) values (7, '2030-01-01')`);
    expect(await verifyMv(db, shop.view)).toBe('equal');
    await writer.query('commit');
    expect(await verifyMv(db, shop.view)).toBe('dirty');
  });

  test('what it reads that was replaced puts it in doubt until repair', async () => {
    await db.query(`create view ${shop.schema}.w as select amount from ${shop.orders}`);
    const over = await view('over', 'select sum(amount) as n from %S.w');
    expect(await verifyMv(db, over.name)).toBe('equal');
    await db.query(`create or replace view ${shop.schema}.w as select amount + 1 as amount from ${shop.orders}`);
    expect([await verifyMv(db, over.name), await incidentsOf(db, over.id)]).toEqual(['in doubt', []]);
  });

  test('a view that reads a view is compared with the contents of that one', async () => {
    const total = await view('total', 'select sum(revenue) as n from %S.daily');
    expect(await verifyMv(db, total.name)).toBe('equal');
    await write();
    await refresh(client, id);
    expect(await verifyMv(db, total.name)).toBe('dirty');
    await refresh(client, total.id);
    expect(await verifyMv(db, total.name)).toBe('equal');
  });

  test('equal is what = says, of a type that has it; else the text', async () => {
    const mixed = await view(
      'mixed',
      `select distinct 1.0::numeric as n, '{"a": 1}'::json::text as j, point(1, 2)::text as p from %O`,
    );
    const kinds = await view(
      'kinds',
      `select max(amount) as n, '{"a": 1}'::json as j, point(1, 2) as p, array[point(1, 2)] as ps, null::xml as x from %O`,
    );
    expect([await verifyMv(db, mixed.name), await verifyMv(db, kinds.name)]).toEqual(['equal', 'equal']);
    await db.query(`alter table ${shop.orders} disable trigger user`);
    await repairAll(db);
    for (const { id: each } of [mixed, kinds]) await refresh(client, each);
    await write(`update ${shop.orders} set amount = 30.00 where amount = 30`); // another text of the same number
    expect(await verifyMv(db, kinds.name)).toBe('equal');
    await write(`update ${shop.orders} set amount = 31 where amount = 30`);
    expect(await verifyMv(db, kinds.name)).toBe('differs');
    expect(await incidentsOf(db, kinds.id)).toEqual([expect.objectContaining({ missing: 1, surplus: 1 })]);
  });

  test('rows count as often as they are there, and NULL equals NULL', async () => {
    const bag = await view('bag', 'select case when amount > 15 then amount % 2 end as n from %O');
    expect(await verifyMv(db, bag.name)).toBe('equal');
    await writeUnseen(`insert into ${shop.orders} (amount) values (3), (4), (5)`);
    await db.query('update pgauto_mv.state set snap = null where mv_id = $1', [bag.id]).catch(() => undefined);
    await refresh(client, bag.id);
    await write(`insert into ${shop.orders} (amount) values (3), (16)`);
    expect(await verifyMv(db, bag.name)).toBe('differs');
    expect(await incidentsOf(db, bag.id)).toEqual([expect.objectContaining({ missing: 2, surplus: 0 })]);
  });

  test('the query runs with the settings that its refresh had, whoever compares', async () => {
    const days = await view(
      'days',
      "select (timestamptz '2024-01-01 23:30+00' + amount * interval '0')::date::text as d from %O",
    );
    const far = await db.session('far');
    await far.query("set timezone = 'Pacific/Kiritimati'; set datestyle = 'german'");
    expect((await far.query<{ p_outcome: string }>(`call pgauto_mv.verify_mv('${days.name}')`))[0]?.p_outcome).toBe(
      'equal',
    );
    expect(await far.query('show timezone')).toEqual([{ TimeZone: 'Pacific/Kiritimati' }]);
    await far.query(`refresh materialized view ${days.name}`);
    expect(await verifyMv(db, days.name)).toBe('differs');
  });
});

describe('a difference', () => {
  test('is an incident and a problem, is repaired by the next refresh, and the incident stays', async () => {
    await writeUnseen();
    expect([await isDirty(db, id), await verifyMv(db, shop.view)]).toEqual([false, 'differs']);
    expect(await incidentsOf(db, id)).toEqual([
      {
        missing: 1,
        surplus: 0,
        cause: expect.stringMatching(/^trigger disabled: pgauto_mv_\d+ on shop_\d+\.orders /),
        marked: true,
        repaired: null,
      },
    ]);
    expect(await isDirty(db, id)).toBe(true);
    expect(await problems(shop.view)).toEqual([
      { code: 'contents_differ', remedy: expect.stringContaining('refresh_materialised_view_now') },
    ]);
    await refresh(client, id);
    expect(await verifyMv(db, shop.view)).toBe('equal');
    expect(await problems(shop.view)).toEqual([]);
    expect(await incidentsOf(db, id)).toEqual([expect.objectContaining({ repaired: 'refreshed' })]);
    const log = await db.query("select outcome from pgauto_mv.log where mv_id = $1 and kind = 'verify' order by id", [
      id,
    ]);
    expect(log).toEqual([{ outcome: 'differs' }, { outcome: 'equal' }]);
  });

  test('that comes again stays a problem, with the cause', async () => {
    await writeUnseen();
    await verifyMv(db, shop.view);
    await refresh(client, id);
    await write();
    expect(await verifyMv(db, shop.view)).toBe('differs');
    await refresh(client, id);
    await verifyMv(db, shop.view);
    expect(await problems(shop.view)).toEqual([
      { code: 'contents_differ_again', remedy: expect.stringContaining('pgauto_mv.incidents') },
    ]);
    const [{ remedy } = { remedy: '' }] = await problems(shop.view);
    for (const statement of remedy.split(' -- ')[0]?.split('; ') ?? []) await db.query(statement);
  });

  test('holds no row of the view, and names the query by its digest only', async () => {
    await writeUnseen(`insert into ${shop.orders} (amount, day) values (424242, '2031-01-01')`);
    await verifyMv(db, shop.view);
    const [row] = await db.query<{ all: string; problem: string; log: string }>(
      `select (select string_agg(i::text, '') from pgauto_mv.incident i) as all, (select string_agg(p::text, '') from pgauto_mv.get_mv_problems() p) as problem,
        (select string_agg(l::text, '') from pgauto_mv.log l) as log`,
    );
    expect(JSON.stringify(row)).not.toMatch(/424242|2031-01-01/);
    expect(row?.all).toMatch(/[0-9a-f]{32}/);
  });

  test('in a view whose query need not give the same rows twice proves nothing, and is no incident', async () => {
    const list = await view('list', 'select string_agg(amount::text, $$,$$) as l from %O');
    const equal = await verifyMv(db, list.name);
    await writeUnseen(`insert into ${shop.orders} (amount) values (3)`);
    await refresh(client, list.id);
    await write();
    expect([equal, await verifyMv(db, list.name), await incidentsOf(db, list.id)]).toEqual([
      'equal',
      'not repeatable',
      [],
    ]);
    expect(await verification(db, list.id)).toEqual(
      expect.objectContaining({ reason: 'its query need not give the same rows again: string_agg' }),
    );
  });

  test.each([
    ['avg(amount::float8)', 'avg of floating point'],
    ['array_agg(amount)', 'array_agg'],
    ['row_number() over (order by day)', 'row_number() over …'],
    ['sum(amount) over (order by day rows 1 preceding)', 'a window by ROWS'],
  ])('is never sure of %s', async (expression, what) => {
    await db.query(`create materialized view ${shop.schema}.unsure as select ${expression} as n from ${shop.orders}`);
    const [row] = await db.query('select pgauto_mv.order_dependent($1::regclass) as what', [`${shop.schema}.unsure`]);
    expect(row).toEqual({ what });
  });

  test('is kept when the view is unregistered, and forgotten after its time with a word in the log', async () => {
    await writeUnseen();
    await verifyMv(db, shop.view);
    await db.query(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
    expect(await db.query("select pgauto_mv.forget_incidents_v1('-1 day')::int as gone")).not.toEqual([{ gone: 1 }]);
    await db.query('select pgauto_mv.repair_incidents_v1()');
    expect(await incidentsOf(db, id)).toEqual([expect.objectContaining({ repaired: 'the view was unregistered' })]);
    await db.query("select pgauto_mv.forget_incidents_v1('1 day')");
    expect(await incidentsOf(db, id)).toHaveLength(1);
    await db.query("select pgauto_mv.forget_incidents_v1('-1 day')");
    expect(await incidentsOf(db, id)).toEqual([]);
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and outcome = 'forgotten'", [id])).toEqual(
      [{ reason: expect.stringMatching(/^1 incidents found before /) }],
    );
  });
});

describe('excluded, and it says why:', () => {
  test.each([
    [
      'the clock',
      'select amount from %O where day < now()',
      'it reads now: its result changes with no write to any table',
    ],
    [
      'a sample',
      'select amount from %O tablesample bernoulli (50)',
      'it reads tablesample: its result changes with no write to any table',
    ],
  ])('%s', async (_what, query, reason) => {
    const excluded = await view('excluded', query);
    expect(await verifyMv(db, excluded.name)).toBe('excluded');
    expect(await verification(db, excluded.id)).toEqual({ verified: false, verification: 'excluded', reason });
  });

  test('a table, or an operation, that it does not watch', async () => {
    await db.query(`create materialized view ${shop.schema}.chosen as select count(*) as n from ${shop.orders}`);
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('chosen', '${shop.schema}', array[pgauto_mv.mv_watch('${shop.orders}', 'INSERT,DELETE')]) as id`,
    );
    await refresh(client, row?.id ?? '');
    expect(await verifyMv(db, `${shop.schema}.chosen`)).toBe('excluded');
    expect((await verification(db, row?.id ?? ''))?.reason).toBe(
      `it reads ${shop.orders} and does not watch it for TRUNCATE`,
    );
  });

  test('a materialized view that is not registered', async () => {
    await db.query(`create materialized view ${shop.schema}.loose as select amount from ${shop.orders}`);
    const over = await view('over', 'select count(*) as n from %S.loose');
    expect(await verifyMv(db, over.name)).toBe('excluded');
  });

  test('code of somebody who is not to run it as who compares', async () => {
    await withLogin(db, [], async (_client, user) => {
      await db.query(
        `create function ${shop.schema}.twice(n numeric) returns numeric immutable language sql as 'select n * 2'`,
      );
      const twice = await view('twice', `select sum(%S.twice(amount)) as n from %O`);
      expect(await verifyMv(db, twice.name)).toBe('equal');
      await db.query(`grant create, usage on schema ${shop.schema} to ${user}`);
      await db.query(`alter function ${shop.schema}.twice(numeric) owner to ${user}`);
      expect(await verifyMv(db, twice.name)).toBe('excluded');
      expect((await verification(db, twice.id))?.reason).toMatch(/^it calls shop_\d+\.twice\(numeric\) of login_/);
      await db.query(`drop materialized view ${twice.name}`);
    });
  });

  test('not allowed: a login that may not read what the query reads', async () => {
    await withLogin(db, ['pgrelay_processor'], async (login, user) => {
      await db.query(`grant usage on schema ${shop.schema} to ${user}`);
      const outcome = async () => (await login.query(`call pgauto_mv.verify_mv('${shop.view}')`)).rows[0]?.p_outcome;
      expect(await outcome()).toBe('not allowed');
      await db.query(`grant select on ${shop.view}, ${shop.orders} to ${user}`);
      expect(await outcome()).toBe('equal');
      // Rows that are hidden from who compares and were not from the owner are no difference.
      await db.query(`alter table ${shop.orders} enable row level security`);
      await repairAll(db);
      await refresh(client, id);
      expect(['not allowed', 'equal']).toContain(await outcome());
      expect(await incidentsOf(db, id)).toEqual([]);
    });
  });
});
