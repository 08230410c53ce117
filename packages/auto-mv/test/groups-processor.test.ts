import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterEach, describe, expect, test } from 'vitest';
import { controlSums, group, groupRow, type Ledger, openLedger, untilGroupFresh } from './support/groups.js';
import { untilSleeping, useProcessors } from './support/processor.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
const start = useProcessors(db);
afterEach(() => db.query('select pgauto_mv.drop_group(g.name) from pgauto_mv.groups g'));

const write = ({ entries }: Ledger) => db.query(`insert into ${entries} (l, r, n) values (3, 4, 5)`);
const sums = async (ledger: Ledger) =>
  Promise.all(controlSums(ledger).map(async (sql) => (await db.query<{ n: number }>(sql))[0]?.n));

/** A ledger in a group with a view whose refresh sleeps while the table `gate` says so. */
async function slowGroup(indexed = true): Promise<Ledger> {
  const ledger = await openLedger(db, indexed);
  await db.query(`create table ${ledger.schema}.gate (seconds float8)`);
  await db.query(`create materialized view ${ledger.schema}.slow as
    select 1 as key, (select sum(n) from ${ledger.entries}) as n, count(*) as waits from ${ledger.schema}.gate g, lateral pg_sleep(g.seconds)`);
  if (indexed) await db.query(`create unique index on ${ledger.schema}.slow (key)`);
  const id = await registerDerived(db, `${ledger.schema}.slow`, ', p_cooldown => 0');
  const views = [...ledger.views, `${ledger.schema}.slow`];
  await group(db, ledger.schema, views);
  return { ...ledger, views, ids: [...ledger.ids, id] };
}
const forAnHour = (ledger: Ledger) => db.query(`insert into ${ledger.schema}.gate values (3600)`);
const noMore = (ledger: Ledger) => db.query(`delete from ${ledger.schema}.gate`);

/** The attempts at each member, as they ended; the same for all of them unless one is to blame. */
const attempts = (ledger: Ledger) =>
  db.query<{ outcome: string }>("select outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id", [
    ledger.ids[0],
  ]);

describe('a Processor', () => {
  test('refreshes a group when one member is due, all of it', async () => {
    const ledger = await openLedger(db, true);
    await group(db, 'due', ledger.views);
    await start();
    await untilGroupFresh(db, 'due');
    await db.query(`update ${ledger.entries} set l = 0 where l = 1`); // a column that by_left alone watches
    await until(
      async () =>
        (await db.query('select from pgauto_mv.freshness where id = any ($1) and refreshes >= 2', [ledger.ids]))
          .length === 4,
      'all members were refreshed a second time',
    );
    expect(await groupRow(db, 'due')).toMatchObject({ failing: null, as_of: expect.any(Date) });
    await untilGroupFresh(db, 'due');
    expect(new Set(await sums(ledger)).size).toBe(1);
  });

  test('fulfils the wish of who waits for one member: it is fresh then, and so are the others', async () => {
    const ledger = await openLedger(db, true, ', p_cooldown => 0, p_refresh_lag => 3600');
    await group(db, 'waited for', ledger.views);
    await start();
    await untilGroupFresh(db, 'waited for');
    const [row] = await db.query<{ token: string }>(
      `with w as (insert into ${ledger.entries} (l, r, n) values (1, 1, 9)) select pg_current_xact_id()::text as token`,
    );
    expect(
      await db.query('select pgauto_mv.wait_until_fresh($1, $2::xid8) as fresh', [ledger.views[2], row?.token]),
    ).toEqual([{ fresh: true }]);
    expect(await sums(ledger)).toEqual(Array(4).fill(109));
  });

  test('serves a request by hand for one member with all of them, once', async () => {
    const ledger = await openLedger(db, true, ', p_cooldown => 3600');
    await group(db, 'by hand', ledger.views);
    await start();
    await untilGroupFresh(db, 'by hand');
    await write(ledger);
    await db.query('select pgauto_mv.refresh_materialized_view_now($1::regclass)', [ledger.views[3]]);
    await untilGroupFresh(db, 'by hand');
    expect(await attempts(ledger)).toEqual([{ outcome: 'done' }, { outcome: 'done' }]);
  });

  test('tells of a token in all, and refreshes what reads a member after it', async () => {
    const ledger = await openLedger(db, true);
    const below = `${ledger.schema}.below`;
    await db.query(`create materialized view ${below} as select sum(n) as n from ${ledger.views[2]}`);
    const id = await registerDerived(db, below, ', p_cooldown => 0');
    await group(db, 'above', ledger.views);
    await start();
    await write(ledger);
    await until(
      async () => (await db.query(`select from ${below} where n = 210`)).length === 1,
      'the view below has it',
    );
    await untilGroupFresh(db, 'above');
    expect(await db.query("select from pgauto_mv.log where mv_id = $1 and outcome = 'failed'", [id])).toEqual([]);
  });

  test('that stops in the middle gives all claims back, and the next one does it', async () => {
    const ledger = await slowGroup();
    await forAnHour(ledger);
    const processor = await start();
    await untilSleeping(db);
    await processor.stop();
    expect(await attempts(ledger)).toEqual([{ outcome: 'released' }]);
    await noMore(ledger);
    await start();
    await untilGroupFresh(db, ledger.schema);
  });

  test('cancels a plain group for the sake of its readers, names the member at work, and tries again', async () => {
    const ledger = await slowGroup(false);
    await start();
    await untilGroupFresh(db, ledger.schema);
    await forAnHour(ledger);
    await write(ledger);
    await untilSleeping(db);
    await noMore(ledger);
    const reader = await db.session('reader');
    expect(await reader.query(`select sum(n)::int as n from ${ledger.views[0]}`)).toEqual([{ n: 100 }]);
    const log = await until(async () => {
      const rows = await db.query<{ reason: string }>(
        "select reason from pgauto_mv.log where mv_id = $1 and outcome = 'gave way'",
        [ledger.ids[4]],
      );
      return rows.length > 0 && rows;
    }, 'the refresh gave way');
    expect(log).toEqual([{ reason: `AccessShareLock on ${ledger.views[0]} is awaited` }]);
    await untilGroupFresh(db, ledger.schema);
    expect(await sums(ledger)).toEqual(Array(4).fill(105));
  });

  test('lets a refresh by hand of a member wait, since it wants the same', async () => {
    const ledger = await slowGroup();
    await start({ giveWayAfterMs: 60_000 });
    await untilGroupFresh(db, ledger.schema);
    await forAnHour(ledger);
    await write(ledger);
    const pid = await untilSleeping(db);
    const byHand = await db.session('by hand');
    const waits = byHand.start(`refresh materialized view concurrently ${ledger.views[1]}`);
    await byHand.untilBlocked();
    expect(
      await db.query('select reason from pgauto_mv.blocked_by_refresh_v1(array[$1::integer], $2)', [pid, '0']),
    ).toEqual([]);
    await noMore(ledger);
    await db.query('select pg_cancel_backend($1)', [pid]);
    await waits;
    await untilGroupFresh(db, ledger.schema);
  });

  test('cancels a group for the sake of DDL on what a member reads', async () => {
    const ledger = await slowGroup();
    await start();
    await untilGroupFresh(db, ledger.schema);
    await forAnHour(ledger);
    await write(ledger);
    await untilSleeping(db);
    await noMore(ledger);
    await (await db.session('migration')).query(`alter table ${ledger.entries} add column note text`);
    await untilGroupFresh(db, ledger.schema);
    expect((await attempts(ledger)).at(-1)).toEqual({ outcome: 'done' });
  });
});

describe('two Processors, one of which is killed in the middle', () => {
  test('never refresh a member at the same time, and the group ends fresh', async () => {
    const ledger = await slowGroup();
    const children: ChildProcess[] = [];
    const overlap: unknown[] = [];
    let watching = true;
    const watch = (async () => {
      const client = await db.connect();
      while (watching) {
        const { rows } = await client.query<{ relation: string }>(
          `select l.relation::regclass::text as relation from pg_locks l
           where l.relation = any ($1::text[]::regclass[]) and l.granted and l.mode in ('ExclusiveLock', 'AccessExclusiveLock')
           group by l.relation having count(distinct l.pid) > 1`,
          [ledger.views],
        );
        overlap.push(...rows);
      }
      await client.end();
    })();
    const spawn = async () => {
      const child = fork(new URL('fixtures/processor.mjs', import.meta.url), [db.url], { silent: true });
      children.push(child);
      await once(child.stdout ?? child, 'data');
    };
    await Promise.all([spawn(), spawn()]);
    await untilGroupFresh(db, ledger.schema);
    for (let round = 0; round < 3; round++) {
      await forAnHour(ledger);
      await write(ledger);
      const pid = await untilSleeping(db);
      const [owner] = await db.query<{ mine: boolean; n: number }>(
        `select bool_and(s.claimed_pid = $2) as mine, count(*)::int as n from pgauto_mv.state s where s.mv_id = any ($1)`,
        [ledger.ids, pid],
      );
      expect(owner).toEqual({ mine: true, n: 5 });
      const victim = children.shift(); // perhaps the one that refreshes, perhaps the other
      victim?.kill('SIGKILL');
      if (victim) await once(victim, 'exit');
      await noMore(ledger);
      await db.query("select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'", [
        pid,
      ]);
      await spawn();
      await untilGroupFresh(db, ledger.schema);
    }
    watching = false;
    await watch;
    for (const child of children) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(overlap).toEqual([]);
    expect(await sums(ledger)).toEqual(Array(4).fill(115));
  });
});

describe('without a Processor', () => {
  const call = async (args = '') =>
    Number((await db.query<{ p_refreshed: string }>(`call pgauto_mv.refresh_due(${args})`))[0]?.p_refreshed);

  test.each([
    ['CONCURRENTLY', true],
    ['plainly', false],
  ])('refresh_due() refreshes a group as a whole, %s', async (how, indexed) => {
    const ledger = await openLedger(db, indexed);
    await group(db, how, ledger.views);
    expect(await call()).toBe(4);
    await until(async () => (await call()) === 0, 'nothing is due any more'); // what the server counted late, too
    await write(ledger);
    expect(await call(`'${ledger.views[2]}'`)).toBe(4);
    await write(ledger);
    expect(await call()).toBe(4);
    expect(await sums(ledger)).toEqual(Array(4).fill(110));
    expect(await groupRow(db, how)).toMatchObject({ dirty: false, as_of: expect.any(Date) });
  });

  test('a failing group is recorded, and the others are refreshed', async () => {
    const ledger = await openLedger(db, true);
    await group(db, ledger.schema, ledger.views);
    await db.query(`create materialized view ${ledger.schema}.beside as select count(*) as n from ${ledger.entries}`);
    await registerDerived(db, `${ledger.schema}.beside`, ', p_cooldown => 0');
    await call();
    await db.query(
      `create function ${ledger.schema}.fails() returns integer language plpgsql as 'begin raise division_by_zero; end'`,
    );
    await db.query(
      `create materialized view ${ledger.schema}.broken as select 1 as key, ${ledger.schema}.fails() as n with no data`,
    );
    await db.query(`create unique index on ${ledger.schema}.broken (key)`);
    await registerDerived(db, `${ledger.schema}.broken`, ', p_cooldown => 0');
    await db.query(
      `select pgauto_mv.alter_group('${ledger.schema}', '{${[...ledger.views, `${ledger.schema}.broken`].join(',')}}')`,
    );
    await write(ledger);
    expect(await call()).toBe(1);
    expect(await groupRow(db, ledger.schema)).toMatchObject({ failing: `${ledger.schema}.broken`, dirty: true });
  });
});
