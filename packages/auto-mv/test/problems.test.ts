import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let shop: Shop;
beforeEach(async () => {
  shop = await openShop(db);
});

/** The problems of one object; each has evidence and a remedy. */
async function problems(object: string): Promise<string[]> {
  const rows = await db.query<{ code: string; evidence: string; remedy: string }>(
    'select code, evidence, remedy from pgauto_mv.get_mv_problems() where object = $1 order by code',
    [object],
  );
  for (const row of rows) {
    expect(row.evidence, row.code).toMatch(/\w/);
    expect(row.remedy, row.code).toMatch(/\w/);
  }
  return rows.map((row) => row.code);
}

const triggerOf = async (relation: string): Promise<string> => {
  const [row] = await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [
    relation,
  ]);
  return row?.tgname ?? '';
};

test('a view in order has none', async () => {
  await watch(db, shop, 'INSERT');
  expect([...(await problems(shop.view)), ...(await problems(shop.orders))]).toEqual([]);
});

test('no unique index, an unusable one, no contents', async () => {
  await addView(db, shop, 'counted');
  await watch(db, shop, 'INSERT', '', 'counted');
  const counted = `${shop.schema}.counted`;
  expect(await problems(counted)).toEqual(['no_unique_index']);
  await db.query(`create unique index on ${counted} (n) where n > 0`);
  expect(await problems(counted)).toEqual(['unusable_unique_index']);
  await db.query(`refresh materialized view ${counted} with no data`);
  expect(await problems(counted)).toEqual(['not_populated']);
});

test('NULLs in the unique key', async () => {
  await watch(db, shop, 'INSERT');
  await db.query(`insert into ${shop.orders} (amount, day) values (1, null), (2, '2024-01-01')`);
  await db.query(`refresh materialized view ${shop.view}`);
  await db.query(`analyze ${shop.view}`);
  expect(await problems(shop.view)).toEqual(['nullable_unique_key']);
});

test('a table that is gone with what it watched, and a view that is gone', async () => {
  await watch(db, shop, 'INSERT');
  await db.query(`drop materialized view ${shop.view}`);
  expect(await problems(shop.view)).toEqual(['view_gone']);
  const other = await openShop(db);
  await db.query(`create table ${other.schema}.extra (id integer)`);
  await db.query(
    `select pgauto_mv.register_mv('daily', '${other.schema}', array[pgauto_mv.mv_watch('${other.schema}.extra', 'INSERT')])`,
  );
  await db.query(`drop table ${other.schema}.extra`);
  expect(await problems(`${other.schema}.extra`)).toEqual(['table_gone']);
});

test('max_wait shorter than cooldown: the cooldown wins', async () => {
  await watch(db, shop, 'INSERT', ', p_max_wait => 20, p_cooldown => 30');
  expect(await problems(shop.view)).toEqual(['cooldown_exceeds_max_wait']);
});

test('no Processor serves', async () => {
  await watch(db, shop, 'INSERT');
  await db.query("select setval('pgauto_mv.planner_beat', 0)");
  expect(await problems('pgauto_mv')).toEqual(['no_processor']);
  await db.query('select pgauto_mv.plan_v1()');
  expect(await problems('pgauto_mv')).toEqual([]);
});

describe('a trigger', () => {
  test('that is disabled, or renamed', async () => {
    await watch(db, shop, 'INSERT');
    const trigger = await triggerOf(shop.orders);
    await db.query(`alter table ${shop.orders} disable trigger ${trigger}`);
    expect(await problems(shop.orders)).toEqual(['trigger_disabled']);
    await db.query(`alter table ${shop.orders} enable trigger ${trigger}`);
    await db.query(`alter trigger ${trigger} on ${shop.orders} rename to "my trigger"`);
    expect(await problems(shop.orders)).toEqual(['trigger_renamed']);
    expect(await db.query("select action from pgauto_mv.clean_mv() where action like 'trigger%'")).toEqual([
      { action: 'trigger renamed' },
    ]);
    expect(await triggerOf(shop.orders)).toBe(trigger);
  });

  test('that was dropped is put back, and what was written meanwhile gets into the view', async () => {
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    await refresh(client, id);
    await db.query(`drop trigger ${await triggerOf(shop.orders)} on ${shop.orders}`);
    await db.query(`insert into ${shop.orders} (amount) values (9)`);
    expect(await isDirty(db, id)).toBe(false); // nobody could know
    expect(await problems(shop.orders)).toEqual(['trigger_missing']);
    expect(await db.query('select pgauto_mv.repair_v1() is not null as did')).toEqual([{ did: true }]);
    expect(await db.query('select pgauto_mv.repair_v1() is not null as did')).toEqual([{ did: false }]);
    expect(await problems(shop.orders)).toEqual([]);
    expect(await isDirty(db, id)).toBe(true);
    await refresh(client, id);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 9 }]);
  });

  test('is not put back while a refresh of its view runs, which might have missed what was written', async () => {
    const id = await watch(db, shop, 'INSERT');
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'first', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await db.query(`drop trigger ${await triggerOf(shop.orders)} on ${shop.orders}`);
    const repairer = await db.session('repairer');
    await repairer.query("set lock_timeout = '1ms'");
    expect(await repairer.query('select pgauto_mv.repair_v1() as watch')).toEqual([{ watch: null }]);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'first', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    expect(await repairer.query('select pgauto_mv.repair_v1() is not null as did')).toEqual([{ did: true }]);
    expect(await isDirty(db, id)).toBe(true);
  });

  test('whose watch is no more is taken off by clean_mv()', async () => {
    await db.query(
      `create trigger stray after truncate on ${shop.orders} for each statement execute function pgauto_mv.capture('987654')`,
    );
    expect(await db.query("select * from pgauto_mv.clean_mv() where action like 'trigger%'")).toEqual([
      { action: 'trigger taken off', object: `stray on ${shop.orders}` },
    ]);
    expect(await triggerOf(shop.orders)).toBe('');
  });
});

test('a viewer may read problems, freshness and log, and nothing else', async () => {
  await watch(db, shop, 'INSERT');
  await withLogin(db, ['pgrelay_viewer'], async (viewer) => {
    for (const view of ['get_mv_problems()', 'freshness', 'materialized_view_state', 'watches', 'log']) {
      await viewer.query(`select * from pgauto_mv.${view}`);
    }
    for (const table of ['failure', 'change', 'state', 'mv']) {
      await expect(viewer.query(`select * from pgauto_mv.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    for (const call of [
      'plan_v1()',
      'clean_mv()',
      `register_mv('daily', '${shop.schema}')`,
      'refresh_now(1)',
      `alter_mv('daily', '${shop.schema}')`,
      `pause_mv('daily', '${shop.schema}')`,
    ]) {
      await expect(viewer.query(`select pgauto_mv.${call}`), call).rejects.toMatchObject({ code: '42501' });
    }
  });
});
