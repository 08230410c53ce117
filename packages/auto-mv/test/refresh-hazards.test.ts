import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { order, useProcessors } from './support/processor.js';
import { declareChannel, refresh } from './support/refresh.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);
beforeAll(() => declareChannel(db));

const begin = "select outcome, epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')";
const fail = "select pgauto_mv.fail_refresh_v1($1, $2, 'now', $3, $4, 'words of the server', null, null)::int as ms";

/** One attempt that fails with this sqlstate; returns in how many ms it is retried. */
async function failWith(id: string, sqlstate: string | null, mode: string | null = 'plain'): Promise<number | null> {
  const [claim] = await db.query<{ outcome: string; epoch: string }>(begin, [id]);
  expect(claim?.outcome).toBe('go');
  const [row] = await db.query<{ ms: number | null }>(fail, [id, claim?.epoch, mode, sqlstate]);
  return row?.ms ?? null;
}

describe('an index that is lost', () => {
  test('before the refresh: plain, which says why, until it is back', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    expect(await refresh(client, id)).toMatchObject({ mode: 'concurrently' });
    await db.query(`drop index ${shop.schema}.daily_day_idx`);
    expect(await refresh(client, id)).toMatchObject({ mode: 'plain', reason: 'the view has no unique index' });
    const codes = () => db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [shop.view]);
    expect(await codes()).toEqual([{ code: 'unique_index_lost' }]);
    await db.query(`create unique index on ${shop.view} (day)`);
    expect(await refresh(client, id)).toMatchObject({ mode: 'concurrently' });
    expect(await codes()).toEqual([]);
  });

  test.each([
    ['an index', '55000', (view: string) => `drop index ${view}_day_idx`],
    ['its contents', /^(55000|0A000)$/, (view: string) => `refresh materialized view ${view} with no data`],
  ])('%s, between the plan and the statement: tried again, not left to the next change', async (_what, code, sql) => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(begin, [id]);
    await refresher.query('begin isolation level repeatable read');
    const [plan] = await refresher.query<{ statement: string; mode: string }>(
      "select * from pgauto_mv.enter_refresh_v1($1, $2, '1 h', '10 s', '200 ms')",
      [id, claim?.epoch],
    );
    expect(plan?.mode).toBe('concurrently');
    await db.query(sql(shop.view));
    const error = await refresher.query(plan?.statement ?? '').catch((caught: { code: string }) => caught.code);
    expect(error).toMatch(new RegExp(code));
    await refresher.query('rollback');
    expect(await db.query(fail, [id, claim?.epoch, plan?.mode, error])).toEqual([{ ms: 3000 }]);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done', mode: 'plain' });
  });
});

test('NULLs in the unique key, and rows that are equal but for them: CONCURRENTLY gives exactly the query', async () => {
  const { schema } = await openShop(db);
  await db.query(`create table ${schema}.part (k integer, v integer)`);
  const query = `select k, v from ${schema}.part`;
  await db.query(`create materialized view ${schema}.parts as ${query}`);
  await db.query(`create unique index on ${schema}.parts (k)`);
  const [row] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${schema}.parts'::regclass) as id`);
  const client = await db.connect();
  const id = row?.id ?? '';
  for (const change of [
    `insert into ${schema}.part values (1, 1), (2, null), (null, 1), (null, 1), (null, null), (null, null)`,
    `update ${schema}.part set v = 7 where k is null and v = 1`,
    `delete from ${schema}.part where ctid in (select min(ctid) from ${schema}.part where k is null group by v)`,
    `insert into ${schema}.part values (null, 9)`,
  ]) {
    await db.query(change);
    expect(await refresh(client, id)).toMatchObject({ kind: 'done', mode: 'concurrently' });
    expect(
      await db.query(
        `(${query} except all select * from ${schema}.parts) union all (select * from ${schema}.parts except all ${query})`,
      ),
    ).toEqual([]);
  }
  await db.query(`analyze ${schema}.parts`);
  expect(
    await db.query("select code from pgauto_mv.get_mv_problems() where object = $1 and code = 'nullable_unique_key'", [
      `${schema}.parts`,
    ]),
  ).toHaveLength(1);
  expect(await failWith(id, '23505', 'concurrently')).toBeNull();
});

test('the settings of a view hold for its refresh, else those of the Processor', async () => {
  const { schema } = await openShop(db);
  await db.query(
    `create materialized view ${schema}.settings as select current_setting('work_mem') as work_mem,
       current_setting('statement_timeout') as statement_timeout, current_setting('lock_timeout') as lock_timeout`,
  );
  const [mv] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('settings', '${schema}') as id`);
  const client = await db.connect();
  const { rows } = await client.query('show work_mem');
  await refresh(client, mv?.id ?? '');
  expect(await db.query(`select * from ${schema}.settings`)).toEqual([
    { work_mem: rows[0].work_mem, statement_timeout: '1h', lock_timeout: '200ms' },
  ]);
  await db.query(
    "update pgauto_mv.mv set work_mem = '7MB', statement_timeout = '42 s', lock_timeout = '3 s' where id = $1",
    [mv?.id],
  );
  await refresh(client, mv?.id ?? '');
  expect(await db.query(`select * from ${schema}.settings`)).toEqual([
    { work_mem: '7MB', statement_timeout: '42s', lock_timeout: '3s' },
  ]);
  expect((await client.query('show work_mem')).rows).toEqual(rows);
});

describe('after a failure', () => {
  test.each(['40001', '40P01', '55P03', '57014', null])(
    '%s: tried again after 3, 5, 10 s, up to 10 minutes',
    async (sqlstate) => {
      const shop = await openShop(db);
      const id = await watch(db, shop, 'INSERT');
      const pauses: (number | null)[] = [];
      for (let i = 0; i < 11; i++) pauses.push(await failWith(id, sqlstate));
      expect(pauses).toEqual([3, 5, 10, 20, 40, 80, 160, 320, 600, 600, 600].map((seconds) => seconds * 1000));
    },
  );

  test('of another kind: not before the next change, and not before the same pauses are over', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await refresh(await db.connect(), id);
    const state = async () => {
      await db.query('select pgauto_mv.plan_v1()');
      const [row] = await db.query<{ skip: string; rest: number; due: boolean }>(
        `select o.skip_reason as skip, extract(epoch from s.next_retry_at - s.failed_at)::int as rest, o.due_at is not null as due
         from pgauto_mv.observation o join pgauto_mv.state s using (mv_id) where mv_id = $1`,
        [id],
      );
      return row;
    };
    for (const rest of [3, 5, 10]) {
      await order(db, shop);
      await state();
      expect(await failWith(id, '22012')).toBeNull();
      expect(await state()).toEqual({ skip: 'failed; waits for the next change', rest, due: false });
      await order(db, shop);
      expect(await state()).toEqual({ skip: 'backing off', rest, due: true });
    }
    expect(await refresh(await db.connect(), id, 'trigger', null)).toMatchObject({ reason: 'backing off' });
    expect(await refresh(await db.connect(), id, 'now')).toMatchObject({ kind: 'done' });
    expect(await state()).toMatchObject({ skip: null });
  });
});

test('never two refreshes of a view, by two Processors and requests without end', async () => {
  const shop = await openShop(db);
  await db.query(`create table ${shop.schema}.gate (seconds float8)`);
  await db.query(`insert into ${shop.schema}.gate values (0.02)`);
  await db.query(`create materialized view ${shop.schema}.slow as
    select sum(amount) as r from ${shop.orders}, ${shop.schema}.gate g, lateral pg_sleep(g.seconds)`);
  await db.query(`create unique index on ${shop.schema}.slow (r)`);
  const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0', 'slow');
  await start();
  await start();
  let most = 0;
  let asked = 0;
  await until(async () => {
    if (asked < 200) {
      await order(db, shop);
      await db.query(`select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')`);
      asked++;
    }
    const [row] = await db.query<{ now: number; refreshes: number; waiting: number }>(
      `select (select count(distinct pid)::int from pg_locks where relation = '${shop.schema}.slow'::regclass
          and mode in ('ExclusiveLock', 'AccessExclusiveLock')) as now,
        (select refreshes::int from pgauto_mv.freshness where id = $1) as refreshes,
        (select count(*)::int from pgrelay.events where channel = 'pgauto_mv.refresh') as waiting`,
      [id],
    );
    most = Math.max(most, row?.now ?? 0);
    return asked === 200 && row?.waiting === 0;
  }, 'all requests are served');
  expect(most).toBe(1);
  const skips = await db.query(
    "select from pgauto_mv.log where mv_id = $1 and kind = 'skip' and reason = 'in progress'",
    [id],
  );
  expect(skips.length).toBeGreaterThan(0);
  expect(await db.query(`select r::int from ${shop.schema}.slow`)).toEqual([{ r: 200 }]);
});
