import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { defaultAutoMvOptions } from '../src/options.js';
import { refreshView } from '../src/refresh-view.js';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { addView, openShop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

const begin =
  "select outcome, epoch, retry_ms::int from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')";
const enter = "select * from pgauto_mv.enter_refresh_v1($1, $2, '1 h', '10 s', '200 ms')";

async function attempts(mvId: string) {
  return db.query(
    "select source, outcome, mode, sqlstate, code from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id",
    [mvId],
  );
}

describe('how a view is refreshed', () => {
  test('CONCURRENTLY: readers of the view do not wait', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    const reader = await db.session('reader');
    await reader.query('begin');
    await reader.query(`select * from ${shop.view}`);
    expect(await refresh(await db.connect(), id, 'first', null)).toEqual({
      kind: 'done',
      mode: 'concurrently',
      reason: null,
    });
    await reader.query('commit');
    expect(await attempts(id)).toEqual([
      { source: 'first', outcome: 'done', mode: 'concurrently', sqlstate: null, code: null },
    ]);
    expect(await isDirty(db, id)).toBe(false);
  });

  const fallbacks: readonly [string, string, string | null][] = [
    ['no unique index', 'select', 'the view has no unique index'],
    ['a partial unique index', 'create unique index on $V (n) where n > 0', 'the unique index has a WHERE clause'],
    ['an index on an expression', 'create unique index on $V ((n + 1))', 'the unique index is over an expression'],
    ['an ordinary index', 'create index on $V (n)', 'the view has no unique index'],
    [
      'a proper one beside a partial one',
      'create unique index on $V (n) where n > 0; create unique index on $V (n)',
      null,
    ],
  ];
  test.each(fallbacks)('with %s', async (_what, sql, reason) => {
    const shop = await openShop(db);
    await addView(db, shop, 'counted');
    await db.query(sql.replaceAll('$V', `${shop.schema}.counted`));
    const id = await watch(db, shop, 'INSERT', '', 'counted');
    const mode = reason === null ? 'concurrently' : 'plain';
    expect(await refresh(await db.connect(), id)).toEqual({ kind: 'done', mode, reason });
    expect(
      await db.query('select last_refresh_mode, last_refresh_reason from pgauto_mv.freshness where id = $1', [id]),
    ).toEqual([{ last_refresh_mode: mode, last_refresh_reason: reason }]);
  });

  test('without contents: plain once, then CONCURRENTLY', async () => {
    const shop = await openShop(db);
    await db.query(`refresh materialized view ${shop.view} with no data`);
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    expect(await refresh(client, id)).toEqual({ kind: 'done', mode: 'plain', reason: 'the view has no contents yet' });
    expect(await refresh(client, id)).toEqual({ kind: 'done', mode: 'concurrently', reason: null });
  });

  test('by a statement of its own, so that the statement timeout of the view bounds it', async () => {
    const shop = await openShop(db);
    await db.query(`create materialized view ${shop.schema}.slow as select 1 as n from pg_sleep(60) with no data`);
    const id = await watch(db, shop, 'INSERT', ", p_statement_timeout => '100 ms'", 'slow');
    expect(await refresh(await db.connect(), id)).toEqual({ kind: 'failed', sqlstate: '57014', retryMs: 3000 });
  });
});

describe('a refresh that fails', () => {
  test('for a lock leaves the view dirty and is retried after 3, 5, 10 s', async () => {
    const shop = await openShop(db);
    await addView(db, shop, 'counted');
    const id = await watch(db, shop, 'INSERT', '', 'counted');
    const reader = await db.session('reader');
    await reader.query('begin');
    await reader.query(`select * from ${shop.schema}.counted`);
    const client = await db.connect();
    for (const retryMs of [3000, 5000, 10_000, 20_000]) {
      expect(await refresh(client, id)).toEqual({ kind: 'failed', sqlstate: '55P03', retryMs });
      expect(await isDirty(db, id)).toBe(true);
    }
    const problem = await db.query<{ evidence: string; remedy: string }>(
      "select evidence, remedy from pgauto_mv.get_mv_problems() where code = 'refresh_failing' and object like '%counted'",
    );
    expect(problem[0]?.evidence).toContain('4 times in a row');
    expect(problem[0]?.remedy).toContain('it is retried at');
    expect(await refresh(client, id, 'trigger', null)).toMatchObject({ kind: 'skipped', reason: 'backing off' });
    await reader.query('commit');
    expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
    expect(
      await db.query(
        "select from pgauto_mv.get_mv_problems() where code = 'refresh_failing' and object like '%counted'",
      ),
    ).toEqual([]);
  });

  test('for another reason waits for the next change, and then asks again', async () => {
    const shop = await openShop(db);
    await db.query(
      `create materialized view ${shop.schema}.ratio as select 1 / count(*) as r from ${shop.orders} with no data`,
    );
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0', 'ratio');
    const client = await db.connect();
    await db.query('select pgauto_mv.plan_v1()');
    expect(await refresh(client, id, 'first', null)).toEqual({ kind: 'failed', sqlstate: '22012', retryMs: null });
    const due = async () => {
      await db.query('select pgauto_mv.plan_v1()');
      return (
        await db.query<{ due: boolean }>(
          'select due_at is not null as due from pgauto_mv.observation where mv_id = $1',
          [id],
        )
      )[0]?.due;
    };
    expect(await due()).toBe(false);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    expect(await due()).toBe(true);
    expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
  });

  test('for duplicate rows says so, and keeps the data out of the log', async () => {
    const shop = await openShop(db);
    await db.query(`create table ${shop.schema}.secret (name text)`);
    await db.query(`create materialized view ${shop.schema}.dup as select name from ${shop.schema}.secret`);
    await db.query(`create unique index on ${shop.schema}.dup (name)`);
    const [mv] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${shop.schema}.dup'::regclass) as id`);
    await db.query(`insert into ${shop.schema}.secret values ('canary-4711'), ('canary-4711')`);
    const result = await refresh(await db.connect(), mv?.id ?? '');
    expect(result).toMatchObject({ kind: 'failed', retryMs: null });
    expect(await attempts(mv?.id ?? '')).toMatchObject([{ outcome: 'failed', mode: 'concurrently', code: 'PM015' }]);
    expect(
      await db.query(
        "select code from pgauto_mv.get_mv_problems() where object like '%dup' and code = 'duplicate_rows'",
      ),
    ).toHaveLength(1);
    const [seen] = await db.query<{ failure: string; rest: string }>(
      `select (select string_agg(f::text, '') from pgauto_mv.failure f) as failure,
        (select string_agg(l::text, '') from pgauto_mv.log l) || (select string_agg(p::text, '') from pgauto_mv.get_mv_problems() p)
        || (select string_agg(s::text, '') from pgauto_mv.state s) || (select string_agg(v::text, '') from pgauto_mv.freshness v) as rest`,
    );
    expect(seen?.failure).toContain('canary-4711');
    expect(seen?.rest).not.toContain('canary-4711');
  });

  test('because the view is gone is a skip', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    expect(await refresh(await db.connect(), id)).toEqual({ kind: 'skipped', reason: 'gone', retryMs: null });
    expect(await db.query("select object from pgauto_mv.get_mv_problems() where code = 'view_gone'")).toContainEqual({
      object: shop.view,
    });
    expect(await refresh(await db.connect(), '999999')).toMatchObject({ kind: 'skipped', reason: 'gone' });
  });
});

describe('two refreshers', () => {
  test('never refresh one view at once: the second skips and logs it, before and after the first has entered', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const first = await db.session('first refresher');
    const second = await db.session('second refresher');
    const [claim] = await first.query<{ epoch: string }>(begin, [id]);
    expect(await second.query(begin, [id])).toMatchObject([{ outcome: 'in progress', epoch: null }]);
    // From here on the row lock protects the refresh, even when its claim runs out.
    await db.query("update pgauto_mv.state set claimed_until = now() - interval '1 s' where mv_id = $1", [id]);
    await first.query('begin isolation level repeatable read');
    await first.query(enter, [id, claim?.epoch]);
    await second.query("set lock_timeout = '1ms'");
    expect(await second.query(begin, [id])).toMatchObject([{ outcome: 'in progress' }]);
    await first.query('commit');
    expect(await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'skip'", [id])).toEqual([
      { reason: 'in progress' },
      { reason: 'in progress' },
    ]);
  });

  test('an expired claim is taken over, and its old holder is fenced', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const slow = await db.session('slow refresher');
    const [claim] = await slow.query<{ epoch: string }>(begin, [id]);
    await db.query("update pgauto_mv.state set claimed_until = now() - interval '1 s' where mv_id = $1", [id]);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done' });
    await slow.query('begin isolation level repeatable read');
    await expect(slow.query(enter, [id, claim?.epoch])).rejects.toMatchObject({ code: 'PM013' });
    await slow.query('rollback');
    expect(
      await slow.query("select pgauto_mv.fail_refresh_v1($1, $2, 'now', null, '40001', 'late', null, null) as ms", [
        id,
        claim?.epoch,
      ]),
    ).toEqual([{ ms: null }]);
    expect(await db.query('select failures from pgauto_mv.state where mv_id = $1', [id])).toEqual([{ failures: 0 }]);
  });

  test('entering outside REPEATABLE READ is refused', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    await expect(db.query(enter, [id, 0])).rejects.toMatchObject({ code: 'PM018' });
  });
});

describe('a refresher that dies', () => {
  test('after its claim: the claim is free at once', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const doomed = await db.session('doomed');
    await doomed.query(begin, [id]);
    await db.query('select pg_terminate_backend($1, 10000)', [doomed.pid]);
    expect(await refresh(await db.connect(), id)).toMatchObject({ kind: 'done' });
  });

  test('in the middle of the refresh: the view is as dirty as before, and refreshed by the next', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    await refresh(client, id);
    await db.query(`insert into ${shop.orders} (amount) values (7)`);
    const doomed = await db.session('doomed');
    const [claim] = await doomed.query<{ epoch: string }>(begin, [id]);
    await doomed.query('begin isolation level repeatable read');
    await doomed.query(enter, [id, claim?.epoch]);
    await doomed.query(`refresh materialized view concurrently ${shop.view}`);
    await db.query('select pg_terminate_backend($1, 10000)', [doomed.pid]);
    expect(await isDirty(db, id)).toBe(true);
    expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 7 }]);
  });
});

test('an abort cancels the statement that runs and gives the claim back, with no failure counted', async () => {
  const shop = await openShop(db);
  await db.query(`create materialized view ${shop.schema}.slow as select 1 as n from pg_sleep(60) with no data`);
  const id = await watch(db, shop, 'INSERT', '', 'slow');
  const client = await db.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const stop = new AbortController();
  const request = { mvId: id, source: 'first', token: null } as const;
  const running = refreshView(client, request, defaultAutoMvOptions, stop.signal, async (pid) => {
    await db.query('select pg_cancel_backend($1)', [pid]);
  });
  await until(async () => {
    const [row] = await db.query<{ event: string }>('select wait_event as event from pg_stat_activity where pid = $1', [
      rows[0].pid,
    ]);
    return row?.event === 'PgSleep';
  }, 'the refresh sleeps');
  stop.abort();
  expect(await running).toEqual({ kind: 'released', reason: 'stopping' });
  expect(await attempts(id)).toMatchObject([{ outcome: 'released' }]);
  expect(await db.query('select failures, claimed_until from pgauto_mv.state where mv_id = $1', [id])).toEqual([
    { failures: 0, claimed_until: null },
  ]);
});

test('refreshing changes nothing of the view but its contents, and nothing of its tables but the triggers', async () => {
  const shop = await openShop(db);
  const look = () =>
    db.query(
      `select c.oid, c.relname, c.relowner, c.relacl, pg_get_viewdef(c.oid) as def, pg_get_indexdef(c.oid) as index from pg_class c
       where c.relnamespace = $1::regnamespace and c.relkind <> 't' order by c.oid`,
      [shop.schema],
    );
  const before = await look();
  const id = await watch(db, shop, 'INSERT,UPDATE,DELETE,TRUNCATE');
  const client = await db.connect();
  for (let i = 0; i < 3; i++) {
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    await refresh(client, id);
  }
  expect(await look()).toEqual(before);
});
