import { readFileSync } from 'node:fs';
import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchesOf } from './support/watches.js';

const db = useDatabase();
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
/** The published example, as the demo runs it. */
const published = ['shop/shop', 'dirty-flag/10_pattern'].map((name) => read(`../../../demo/sql/${name}.sql`));

interface Step {
  readonly action: string;
  readonly object: string;
  readonly statement: string | null;
}

beforeEach(async () => {
  for (const sql of published) await db.query(sql);
});
afterEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await db.query(`drop procedure if exists public.refresh_dirty_materialized_views`);
  await db.query('drop table public.products, public.customers, public.orders, public.order_items cascade');
  const [row] = await db.query<{ kind: string }>(
    "select relkind::text as kind from pg_class where oid = to_regclass('public.materialized_view_state')",
  );
  if (row) await db.query(`drop ${row.kind === 'v' ? 'view' : 'table'} public.materialized_view_state`);
  await db.query('drop function if exists public.mark_materialized_view_as_dirty');
});

const move = (args = '') => db.query<Step>(`select * from pgauto_mv.import_dirty_flag(${args})`);
const idOf = async () => (await db.query<{ id: string }>('select id from pgauto_mv.mv'))[0]?.id ?? '';

test('the published walk-through, moved over: t after the inserts, f after a refresh, by the query of the article', async () => {
  const steps = await move();
  expect(steps.slice(0, 1)).toEqual([
    {
      action: 'registered',
      object: 'public.monthly_product_sales',
      statement: "select pgauto_mv.register_mv('public.monthly_product_sales'::regclass);",
    },
  ]);
  const drops = steps.slice(1);
  expect(new Set(drops.map(({ action }) => action))).toEqual(new Set(['for you to run']));
  expect(drops.map(({ object }) => object)).toEqual([
    'trigger',
    'trigger',
    'trigger',
    'procedure',
    'function',
    'table',
    'view',
  ]);
  for (const { statement } of drops) await db.query(statement ?? '');
  expect(await db.query("select from pg_trigger where tgname like 'trigger_maitain%'")).toEqual([]);

  const state = () => db.query('SELECT view_name, is_dirty FROM public.materialized_view_state');
  await db.query('call pgauto_mv.refresh_due()');
  expect(await state()).toEqual([{ view_name: 'monthly_product_sales', is_dirty: false }]);
  await db.query(read('fixtures/dirty-flag-data.sql'));
  expect(await state()).toEqual([{ view_name: 'monthly_product_sales', is_dirty: true }]);
  await db.query("select pgauto_mv.alter_mv('public.monthly_product_sales'::regclass, p_cooldown => 0)");
  expect(await db.query('call pgauto_mv.refresh_due()')).toEqual([{ p_refreshed: '1' }]);
  expect(await state()).toEqual([{ view_name: 'monthly_product_sales', is_dirty: false }]);
  expect(await db.query('select product_name, total_quantity_sold::int as sold from monthly_product_sales')).toEqual([
    { product_name: 'Super Widget', sold: 5 },
  ]);
  await db.query("update products set name = 'Wonder Widget'"); // which the triggers of the article forget
  expect(await state()).toEqual([{ view_name: 'monthly_product_sales', is_dirty: true }]);
});

describe('import_dirty_flag()', () => {
  test('takes the tables and events of the triggers as they are, if asked', async () => {
    const [first] = await move('p_derived => false');
    expect(first?.statement).toContain("pgauto_mv.mv_watch('public.products', 'UPDATE')");
    expect(await watchesOf(db, await idOf())).toEqual([
      'DELETE public.order_items',
      'DELETE public.orders',
      'INSERT public.order_items',
      'INSERT public.orders',
      'UPDATE public.order_items',
      'UPDATE public.orders',
      'UPDATE public.products',
    ]);
  });

  test('passes over names that are no view, and views that are registered; drops nothing itself', async () => {
    await db.query("insert into public.materialized_view_state values ('nowhere'), ('orders')");
    await move();
    const again = await move("'public.materialized_view_state'");
    expect(
      again.filter(({ action }) => action !== 'for you to run').map(({ action, object }) => `${object}: ${action}`),
    ).toEqual(['monthly_product_sales: registered already', 'nowhere: skipped', 'orders: skipped']);
    expect(await db.query("select from pg_trigger where tgname like 'trigger_maitain%'")).toHaveLength(3);
  });

  test('needs a control table', async () => {
    await expect(move("'public.orders'")).rejects.toMatchObject({ code: 'PM090' });
  });
});
