import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefreshSource } from '../src/refresh-request.js';
import { declareChannel, refresh, takeRequests } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { registerDerived, repairAll } from './support/watches.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let shop: Shop;
beforeEach(async () => {
  await takeRequests(db);
  shop = await openShop(db);
});

interface Problem {
  readonly code: string;
  readonly evidence: string;
  readonly remedy: string;
}

const found = (object: string) =>
  db.query<Problem>('select code, evidence, remedy from pgauto_mv.get_mv_problems() where object = $1 order by code', [
    object,
  ]);
const codes = async (object: string) => (await found(object)).map(({ code }) => code);

/** Sees the finding, runs its remedy as it is printed, does what is asked for by it, and sees the finding gone. */
async function mend(object: string, code: string): Promise<void> {
  const problem = (await found(object)).find((row) => row.code === code);
  expect(problem, `${code} of ${object}`).toBeDefined();
  expect(problem?.evidence).toMatch(/\w/);
  await db.query(problem?.remedy ?? '');
  await serve();
  await repairAll(db);
  expect(await codes(object)).not.toContain(code);
}

/** Refreshes what is asked for by hand. */
async function serve(): Promise<void> {
  const asked = await db.query<{ payload: string }>('select payload from pgrelay.queue order by place');
  await takeRequests(db);
  const client = await db.connect();
  for (const { payload } of asked) {
    const { mv, source, token } = JSON.parse(payload) as { mv: string; source: RefreshSource; token: string | null };
    await refresh(client, mv, source, token);
  }
  await client.end();
}

async function triggerOf(relation: string): Promise<string> {
  const [row] = await db.query<{ name: string }>(
    'select quote_ident(tgname) as name from pg_trigger where tgrelid = $1::regclass and not tgisinternal',
    [relation],
  );
  return row?.name ?? '';
}

describe('the remedy as it is printed mends', () => {
  test('a view without a unique index', async () => {
    await addView(db, shop, 'counted');
    await watch(db, shop, 'INSERT', '', 'counted');
    await mend(`${shop.schema}.counted`, 'no_unique_index');
    expect(await codes(`${shop.schema}.counted`)).toEqual([]);
  });

  test('one whose unique index has a WHERE clause, or is invalid', async () => {
    await addView(db, shop, 'counted');
    await db.query(`create unique index on ${shop.schema}.counted (n) where n > 0`);
    await watch(db, shop, 'INSERT', '', 'counted');
    await mend(`${shop.schema}.counted`, 'unusable_unique_index');
    await db.query(`create materialized view ${shop.schema}.twice as select amount from ${shop.orders}`);
    await watch(db, shop, 'INSERT', '', 'twice');
    const [holder, builder] = [await db.connect(), await db.connect()];
    await holder.query('begin isolation level repeatable read');
    await holder.query('select pg_current_snapshot()'); // which CREATE INDEX CONCURRENTLY waits for at its end
    await builder.query("set statement_timeout = '1 s'");
    await expect(builder.query(`create unique index concurrently on ${shop.schema}.twice (amount)`)).rejects.toThrow();
    await holder.query('commit');
    await mend(`${shop.schema}.twice`, 'unusable_unique_index');
    expect(await codes(`${shop.schema}.twice`)).toEqual([]);
  });

  test('a lost unique index: it is made again as it was', async () => {
    const id = await watch(db, shop, 'INSERT');
    await refresh(await db.connect(), id);
    const indexes = () =>
      db.query<{ def: string }>(
        "select regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+', 'INDEX') as def from pg_index where indrelid = $1::regclass",
        [shop.view],
      );
    const before = await indexes();
    await db.query(`drop index ${shop.schema}.daily_day_idx`);
    expect(await db.query('select action, object from pgauto_mv.sync_mv() where object = $1', [shop.view])).toEqual([
      { action: 'unique index lost', object: shop.view },
    ]);
    await mend(shop.view, 'unique_index_lost');
    expect(await indexes()).toEqual(before);
    expect(await codes(shop.view)).toEqual([]);
  });

  test('NULLs in the unique key: the view is made again without, and stays registered', async () => {
    const id = await watch(db, shop, 'INSERT');
    await db.query(`insert into ${shop.orders} (amount, day) values (1, null), (2, '2024-01-01')`);
    await db.query(`refresh materialized view ${shop.view}`);
    await db.query(`analyze ${shop.view}`);
    await mend(shop.view, 'nullable_unique_key');
    await refresh(await db.connect(), id);
    await db.query(`analyze ${shop.view}`);
    expect(await codes(shop.view)).toEqual([]);
    expect(await db.query(`select day::text, revenue::int from ${shop.view} order by 1`)).toEqual([
      { day: '-infinity', revenue: 1 },
      { day: '2024-01-01', revenue: 2 },
    ]);
  });

  test('duplicate rows', async () => {
    await db.query(`create materialized view ${shop.schema}.dup as select amount, id from ${shop.orders}`);
    await db.query(`create unique index on ${shop.schema}.dup (amount)`);
    const id = await watch(db, shop, 'INSERT', '', 'dup');
    await refresh(await db.connect(), id);
    await db.query(`insert into ${shop.orders} (amount) values (1), (1)`);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'failed' });
    await mend(`${shop.schema}.dup`, 'duplicate_rows');
    await mend(`${shop.schema}.dup`, 'no_unique_index'); // the old one is not proposed again: it was no key
    expect(await codes(`${shop.schema}.dup`)).toEqual([]);
  });

  test('a view without contents', async () => {
    await db.query(`refresh materialized view ${shop.view} with no data`);
    await watch(db, shop, 'INSERT');
    await mend(shop.view, 'not_populated');
  });

  test.each<[string, string, (trigger: string) => string]>([
    ['dropped', 'trigger_missing', (trigger) => `drop trigger ${trigger} on $T`],
    ['disabled', 'trigger_disabled', (trigger) => `alter table $T disable trigger ${trigger}`],
    ['renamed', 'trigger_renamed', (trigger) => `alter trigger ${trigger} on $T rename to "my own"`],
  ])(
    'a trigger that was %s, and what was written meanwhile is in the view after a refresh',
    async (_how, code, fault) => {
      const id = await watch(db, shop, 'INSERT');
      await refresh(await db.connect(), id);
      await db.query(fault(await triggerOf(shop.orders)).replaceAll('$T', shop.orders));
      await db.query(`insert into ${shop.orders} (amount) values (5)`);
      await mend(shop.orders, code);
      await refresh(await db.connect(), id);
      expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 5 }]);
    },
  );

  test('a trigger function that was renamed', async () => {
    await watch(db, shop, 'INSERT');
    const owner = await db.connect();
    await owner.query('set role pgrelay_owner');
    await owner.query('alter function pgauto_mv.capture() rename to "my capture"');
    const problem = (await found('pgauto_mv.capture')).at(0);
    expect(problem?.code).toBe('function_renamed');
    await db.query(`insert into ${shop.orders} (amount) values (5)`); // still noticed
    await owner.query(problem?.remedy ?? '');
    expect(await found('pgauto_mv.capture')).toEqual([]);
    expect(await codes(shop.orders)).toEqual([]);
  });

  test('a trigger that calls a function of somebody else', async () => {
    await watch(db, shop, 'INSERT');
    const trigger = await triggerOf(shop.orders);
    await db.query(
      `create function ${shop.schema}.mine() returns trigger language plpgsql as 'begin return null; end'`,
    );
    await db.query(`drop trigger ${trigger} on ${shop.orders}`);
    await db.query(
      `create trigger ${trigger} after insert on ${shop.orders} for each statement execute function ${shop.schema}.mine()`,
    );
    await mend(shop.orders, 'trigger_missing');
  });

  test('a trigger whose view is not registered any more', async () => {
    await watch(db, shop, 'INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    await db.query("select * from pgauto_mv.sync_mv('0')");
    await mend(shop.orders, 'trigger_stray');
    expect(await triggerOf(shop.orders)).toBe('');
  });

  test('a stale registration, and a watch of a table that is gone', async () => {
    await watch(db, shop, 'INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    await mend(shop.view, 'view_gone');
    const other = await openShop(db);
    await db.query(`create table ${other.schema}.extra (id integer)`);
    await db.query(
      `select pgauto_mv.register_mv('daily', '${other.schema}', array[pgauto_mv.mv_watch('${other.schema}.extra', 'INSERT')])`,
    );
    await db.query(`drop table ${other.schema}.extra`);
    await mend(`${other.schema}.extra`, 'table_gone');
    expect(await codes(other.view)).toEqual([]);
  });

  test('a cooldown above max_wait', async () => {
    await watch(db, shop, 'INSERT', ', p_max_wait => 20, p_cooldown => 30');
    await mend(shop.view, 'cooldown_exceeds_max_wait');
  });

  test('a source that nothing can watch', async () => {
    await db.query(`create materialized view ${shop.schema}.aged as select id, now() - day as age from ${shop.orders}`);
    await registerDerived(db, `${shop.schema}.aged`);
    await mend(`${shop.schema}.aged`, 'not_watched');
  });

  test('a change log that grows for a paused view', async () => {
    const id = await watch(db, shop, 'INSERT');
    await refresh(await db.connect(), id);
    await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
    const owner = await db.connect();
    await owner.query('set role pgrelay_owner');
    await owner.query(
      'insert into pgauto_mv.change (watch_id) select d.watch_id from pgauto_mv.view_watch d, generate_series(1, 200000) where d.mv_id = $1',
      [id],
    );
    await until(async () => (await codes(shop.view)).includes('changes_pile_up'), 'the statistics know of the rows');
    await mend(shop.view, 'changes_pile_up');
    await db.query('select pgauto_mv.collect_v1(p_limit => 300000)');
  });

  test('refreshes that take longer than they should be apart, by max_wait and by a schedule', async () => {
    const id = await watch(db, shop, 'INSERT', ", p_max_wait => 5, p_cooldown => 0, p_schedule => '5 seconds'");
    await db.query('select pgauto_mv.plan_v1()');
    await refresh(await db.connect(), id);
    expect(await codes(shop.view)).toEqual([]);
    await db.query("update pgauto_mv.log set duration = '7 s' where mv_id = $1 and kind = 'attempt'", [id]);
    const remedy = (await found(shop.view)).find(({ code }) => code === 'refresh_exceeds_cadence')?.remedy ?? '';
    await db.query(remedy);
    await db.query('select pgauto_mv.plan_v1()');
    await takeRequests(db);
    expect(await codes(shop.view)).toEqual([]);
    expect(await db.query('select max_wait::int, schedule from pgauto_mv.mv where id = $1', [id])).toEqual([
      { max_wait: 14, schedule: '14 seconds' },
    ]);
  });

  test('a view that nobody reads', async () => {
    const id = await watch(db, shop, 'INSERT');
    await db.query('select pg_stat_force_next_flush()'); // this session read the view when it built the index
    const client = await db.connect();
    await refresh(client, id);
    await db.query("update pgauto_mv.mv set registered_at = registered_at - interval '31 days' where id = $1", [id]);
    await until(async () => (await codes(shop.view)).includes('not_read'), 'nobody has read it');
    await client.query(`select * from ${shop.view}`);
    await client.query('select pg_stat_force_next_flush()');
    await until(async () => !(await codes(shop.view)).includes('not_read'), 'somebody has read it');
    await refresh(client, id);
    expect(await codes(shop.view)).not.toContain('not_read'); // read within the last 30 days
    await db.query("update pgauto_mv.state set read_at = read_at - interval '31 days' where mv_id = $1", [id]);
    await refresh(client, id); // which reads the view itself
    await until(async () => (await codes(shop.view)).includes('not_read'), 'nobody has read it since');
    await mend(shop.view, 'not_read');
  });

  test('a view behind one that is not registered, by its query and by its chain', async () => {
    await db.query(`create materialized view ${shop.schema}.top as select count(*) as n from ${shop.view}`);
    await db.query(`create unique index on ${shop.schema}.top (n)`);
    await registerDerived(db, `${shop.schema}.top`);
    await mend(`${shop.schema}.top`, 'source_not_registered');
    await db.query(
      `select pgauto_mv.alter_mv('${shop.schema}.top'::regclass, p_chain => array['${shop.view}']::regclass[], p_watch_tables => '{}')`,
    );
    await db.query(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
    await mend(`${shop.schema}.top`, 'chain_broken');
  });

  test('a pause, contents in doubt, a gate, a schedule that is no more', async () => {
    const id = await registerDerived(db, shop.view, ", p_schedule => '1 hour'");
    await refresh(await db.connect(), id);
    await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
    await mend(shop.view, 'paused');
    await db.query(`alter table ${shop.orders} disable trigger user`);
    await db.query(`alter table ${shop.orders} enable trigger user`);
    await mend(shop.view, 'contents_in_doubt');
    await db.query(`select pgauto_mv.gate_source('${shop.orders}')`);
    await mend(shop.orders, 'source_gated');
    await db.query("update pgauto_mv.mv set schedule = '0 0 30 2 *' where id = $1", [id]);
    await db.query('select pgauto_mv.plan_v1()');
    await mend(shop.view, 'schedule_never_fires');
  });

  test('a refresh that runs into its statement timeout', async () => {
    await db.query(`create materialized view ${shop.schema}.slow as select 1 as n from pg_sleep(0.3) with no data`);
    await db.query(`create unique index on ${shop.schema}.slow (n)`);
    const id = await watch(db, shop, 'INSERT', ", p_statement_timeout => '100 ms'", 'slow');
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'failed', sqlstate: '57014' });
    const problem = (await found(`${shop.schema}.slow`)).find(({ code }) => code === 'refresh_failing');
    await db.query(problem?.remedy ?? '');
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done' });
    expect(await codes(`${shop.schema}.slow`)).toEqual([]);
  });
});
