import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { registry } from './support/busy.js';
import { refresh } from './support/refresh.js';
import { addView, openShop, watch } from './support/shop.js';

const db = useDatabase();

async function watches(mvId: string): Promise<string[]> {
  const rows = await db.query<{ watch: string }>(
    `select w.operation || ' ' || w.relation as watch from pgauto_mv.watches w where mv_id = $1 order by 1`,
    [mvId],
  );
  return rows.map((row) => row.watch);
}

test('the published call runs unchanged', async () => {
  await db.query('create schema sales');
  await db.query('create schema reporting');
  await db.query('create table sales.orders (id integer, total numeric)');
  await db.query('create materialized view reporting.daily_revenue as select sum(total) from sales.orders');
  await db.query(`SELECT pgauto_mv.register_mv(
    p_mv_name      => 'daily_revenue',
    p_mv_schema    => 'reporting',
    p_watch_tables => ARRAY[pgauto_mv.mv_watch('sales.orders', 'UPDATE')],
    p_refresh_lag  => 10.0,
    p_max_wait     => 20.0,
    p_cooldown     => 30.0
  )`);
  const [row] = await db.query<{ id: string }>(
    "select id, refresh_lag::float, max_wait::float, cooldown::float from pgauto_mv.freshness where view_name = 'daily_revenue'",
  );
  expect(row).toMatchObject({ refresh_lag: 10, max_wait: 20, cooldown: 30 });
  expect(await watches(row?.id ?? '')).toEqual(['UPDATE sales.orders']);
});

test('no watch table means no trigger, and the published defaults are 0, 0, 2', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop);
  expect(await watches(id)).toEqual([]);
  expect(await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders])).toEqual([]);
  expect(
    await db.query('select refresh_lag::int, max_wait::int, cooldown::int from pgauto_mv.freshness where id = $1', [
      id,
    ]),
  ).toEqual([{ refresh_lag: 0, max_wait: 0, cooldown: 2 }]);
});

test('a watch takes its events in any case, with spaces, and all of them by default', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, ' insert, Update ');
  expect(await watches(id)).toEqual([`INSERT ${shop.orders}`, `UPDATE ${shop.orders}`]);
  await addView(db, shop, 'counted');
  const [row] = await db.query<{ id: string }>(
    `select pgauto_mv.register_mv('counted', '${shop.schema}', array[pgauto_mv.mv_watch('${shop.orders}')]) as id`,
  );
  expect(await watches(row?.id ?? '')).toHaveLength(4);
});

describe('refused, with a code and a hint, and nothing left behind', () => {
  const cases: readonly [string, string, string][] = [
    ['a view that does not exist', "select pgauto_mv.register_mv('no_such', '$S')", 'PM001'],
    ['a NULL name', "select pgauto_mv.register_mv(null::text, '$S')", 'PM001'],
    ['a NULL view', 'select pgauto_mv.register_mv(null::regclass)', 'PM001'],
    ['a table', "select pgauto_mv.register_mv('orders', '$S')", 'PM002'],
    ['a table, by regclass', "select pgauto_mv.register_mv('$S.orders'::regclass)", 'PM002'],
    ['a plain view', "select pgauto_mv.register_mv('plain', '$S')", 'PM002'],
    ['a view registered already', "select pgauto_mv.register_mv('taken', '$S')", 'PM003'],
    [
      'a table that does not exist',
      "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.no')])",
      'PM005',
    ],
    ['a NULL table', "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch(null)])", 'PM005'],
    [
      'a name that is no name',
      `select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('"$S')])`,
      'PM005',
    ],
    [
      'a plain view as a watch table',
      "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.plain')])",
      'PM006',
    ],
    [
      'a system catalog',
      "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('pg_catalog.pg_class')])",
      'PM006',
    ],
    [
      'an event that is none',
      "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.orders', 'UPSERT')])",
      'PM007',
    ],
    [
      'NULL events',
      "select pgauto_mv.register_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.orders', null)])",
      'PM007',
    ],
    ['a negative lag', "select pgauto_mv.register_mv('daily', '$S', p_refresh_lag => -1)", 'PM008'],
    ['a NaN cooldown', "select pgauto_mv.register_mv('daily', '$S', p_cooldown => 'NaN')", 'PM008'],
    ['a negative timeout', "select pgauto_mv.register_mv('daily', '$S', p_statement_timeout => '-1 s')", 'PM008'],
    ['no safety refresh', "select pgauto_mv.register_mv('daily', '$S', p_safety_refresh => '0 s')", 'PM008'],
    ['no amount of memory', "select pgauto_mv.register_mv('$S.daily'::regclass, p_work_mem => 'much')", 'PM041'],
    ['NULL for a flag', "select pgauto_mv.register_mv('daily', '$S', p_fire_on_replica => null)", 'PM041'],
    ['a channel that does not exist', "select pgauto_mv.register_mv('daily', '$S', p_channel => 'no')", 'PR001'],
    ['a view that is not registered', "select pgauto_mv.unregister_mv('daily', '$S')", 'PM004'],
    ['the same, by regclass', "select pgauto_mv.unregister_mv('$S.daily'::regclass)", 'PM004'],
  ];
  test.each(cases)('%s', async (_what, sql, code) => {
    const shop = await openShop(db);
    await db.query(`create view ${shop.schema}.plain as select * from ${shop.orders}`);
    await addView(db, shop, 'taken');
    await watch(db, shop, undefined, '', 'taken');
    const before = await db.query('select count(*) from pgauto_mv.mv union all select count(*) from pgauto_mv.watch');
    await expect(db.query(sql.replaceAll('$S', shop.schema))).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/\w/),
    });
    expect(await db.query('select count(*) from pgauto_mv.mv union all select count(*) from pgauto_mv.watch')).toEqual(
      before,
    );
    expect(await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders])).toEqual([]);
  });

  test('taking a trigger off takes the owner of its table', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    const admin = await db.connect(await db.login('pgrelay_admin'));
    const leave = `select pgauto_mv.unregister_mv('daily', '${shop.schema}')`;
    await expect(admin.query(leave)).rejects.toMatchObject({ code: 'PM010', hint: expect.any(String) });
    await db.query(leave);
  });
});

describe('names', () => {
  const long = (letter: string) => letter.repeat(63);
  const names: readonly [string, string, string, string][] = [
    ['quoted', 'Odd "Name"', 'My "Table"', 'Odd "View"'],
    ['keywords', 'select', 'from', 'table'],
    ['Cyrillic', 'схема', 'заказы', 'выручка'],
    ['63 bytes', long('s'), long('t'), long('v')],
    ['injection', `x'); drop table t; --`, `a.b'c"d`, `\${v} $1 %I`],
  ];
  test.each(names)('%s: derived and published form, refresh, unregister', async (_what, schema, table, view) => {
    const client = await db.connect();
    const quoted = (name: string) => client.escapeIdentifier(name);
    const full = `${quoted(schema)}.${quoted(table)}`;
    const mv = `${quoted(schema)}.${quoted(view)}`;
    await client.query(`create schema ${quoted(schema)}`);
    await client.query(`create table ${full} (id integer)`);
    await client.query(`create materialized view ${mv} as select count(*) as n from ${full}`);

    const derived = await client.query('select pgauto_mv.register_mv($1::regclass) as id', [mv]);
    expect(await watches(derived.rows[0].id)).toHaveLength(3); // it counts rows: no UPDATE
    await client.query('select pgauto_mv.unregister_mv($1::regclass)', [mv]);

    const { rows } = await client.query(
      'select pgauto_mv.register_mv($1::text, $2, array[pgauto_mv.mv_watch($3)]) as id',
      [view, schema, full],
    );
    await client.query(`insert into ${full} values (1)`);
    expect(await refresh(client, rows[0].id)).toMatchObject({ kind: 'done' });
    expect((await client.query(`select n::int from ${mv}`)).rows).toEqual([{ n: 1 }]);
    expect(
      (await client.query('select from pgauto_mv.get_mv_problems() where code like $1', ['trigger%'])).rows,
    ).toEqual([]);
    await client.query('select pgauto_mv.unregister_mv($1::text, $2)', [view, schema]);
    expect((await client.query('select from pg_trigger where tgrelid = $1::regclass', [full])).rows).toEqual([]);
  });
});

describe('unregister_mv', () => {
  test('leaves nothing behind but the log', async () => {
    const shop = await openShop(db);
    const before = await registry(db);
    await db.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    expect(await registry(db)).not.toEqual(before);
    await db.query(`select pgauto_mv.unregister_mv('daily', '${shop.schema}')`);
    expect(await registry(db)).toEqual(before);
  });

  test('leaves the triggers that another view needs', async () => {
    const shop = await openShop(db);
    await addView(db, shop, 'counted');
    await watch(db, shop, 'INSERT,UPDATE');
    const other = await watch(db, shop, 'INSERT', '', 'counted');
    await db.query(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
    expect(await watches(other)).toEqual([`INSERT ${shop.orders}`]);
    expect(await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders])).toHaveLength(1);
  });

  test('works by name when the view is gone, and a new view of that name takes its place', async () => {
    const shop = await openShop(db);
    await watch(db, shop, 'INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    await db.query(`select pgauto_mv.unregister_mv('daily', '${shop.schema}')`);
    await addView(db, shop, 'counted');
    const old = await watch(db, shop, 'INSERT', '', 'counted');
    await db.query(`drop materialized view ${shop.schema}.counted`);
    await addView(db, shop, 'counted');
    const fresh = await watch(db, shop, 'UPDATE', '', 'counted');
    expect(fresh).not.toBe(old);
    expect(await db.query('select from pgauto_mv.mv where id = $1', [old])).toEqual([]);
  });
});

test('a registration that rolls back leaves nothing, and one in an open transaction is not planned', async () => {
  const shop = await openShop(db);
  const session = await db.session('registrar');
  await session.query('begin');
  await session.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
  await db.query('select pgauto_mv.plan_v1()');
  await session.query('rollback');
  expect(await db.query('select from pgauto_mv.freshness where schema_name = $1', [shop.schema])).toEqual([]);
  expect(await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders])).toEqual([]);
});
