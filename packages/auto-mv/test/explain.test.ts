import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { refresh, requests, takeRequests } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { usePlanner } from './support/use-planner.js';
import { numbers } from './support/view-generator.js';
import type { VirtualClock } from './support/virtual-clock.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Shop;

usePlanner(db, (installed) => {
  clock = installed;
});
beforeEach(async () => {
  shop = await openShop(db);
});

interface Fact {
  readonly topic: string;
  readonly object: string;
  readonly detail: string;
}

const explain = (view: string) =>
  db.query<Fact>('select topic, object, detail from pgauto_mv.explain_mv($1::regclass)', [view]);
const about = async (view: string, topic: string) =>
  (await explain(view)).filter((fact) => fact.topic === topic).map(({ object, detail }) => `${object}: ${detail}`);

describe('explain_mv()', () => {
  test('says what the query reads, with the columns, and through what', async () => {
    await db.query(`create view ${shop.schema}.plain as select day, amount from ${shop.orders}`);
    await db.query(
      `create function ${shop.schema}.opaque(n numeric) returns numeric stable language plpgsql as 'begin return n; end'`,
    );
    await db.query(
      `create materialized view ${shop.schema}.rich as select p.day, ${shop.schema}.opaque(p.amount) as n, d.revenue, now() as at
       from ${shop.schema}.plain p left join ${shop.view} d on d.day = p.day`,
    );
    await registerDerived(db, shop.view);
    await registerDerived(db, `${shop.schema}.rich`);
    const view = `${shop.schema}.rich`;
    expect(await about(view, 'source')).toEqual([
      `${shop.schema}.opaque(numeric): function, whose body the catalog does not know`,
      `${shop.view}: materialized view, columns day, revenue`,
      `${shop.schema}.plain: plain view, read through`,
      `${shop.orders}: table, columns amount, day`,
    ]);
    expect(await about(view, 'unwatchable')).toEqual([
      'now: its result changes with no write to any table',
      `${shop.schema}.opaque(numeric): what the body of a function reads is not in the catalog`,
    ]);
    expect(await about(view, 'above')).toEqual([`${shop.view}: refreshed first`]);
    expect((await about(view, 'better')).join('\n')).toContain('not_watched');
  });

  test('shows the watches as a diff to what the query asks for', async () => {
    await watch(db, shop, 'INSERT,DELETE');
    await db.query(`create table ${shop.schema}.extra (id integer)`);
    await db.query(
      `select pgauto_mv.alter_mv('${shop.view}'::regclass, array[pgauto_mv.mv_watch('${shop.orders}', 'INSERT'), pgauto_mv.mv_watch('${shop.schema}.extra', 'DELETE')])`,
    );
    expect((await about(shop.view, 'watch')).map((line) => line.replace(/ \(.*$/, ''))).toEqual([
      `${shop.schema}.extra: - delete`,
      `${shop.orders}: + delete`,
      `${shop.orders}: = insert`,
      `${shop.orders}: + truncate`,
      `${shop.orders}: + update of amount, day`,
    ]);
    const better = (await about(shop.view, 'better')).join('\n');
    expect(better).toContain('marked +');
    expect(better).toContain('marked -');
    await db.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, p_reset => array['watch_tables'])`);
    expect((await about(shop.view, 'watch')).every((line) => line.includes(': = '))).toBe(true);
  });

  test('says whether it is fresh, when the next refresh is due and why, and what it will be', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_refresh_lag => 10, p_max_wait => 60');
    expect(await about(shop.view, 'state')).toEqual([expect.stringContaining('never refreshed here')]);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await about(shop.view, 'next refresh')).toEqual([
      expect.stringMatching(/due at .* \(first\); 10 s after the last change, at most 60 s/),
    ]);
    await refresh(await db.connect(), id);
    await clock.advance(100);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await about(shop.view, 'state')).toEqual([
      expect.stringMatching(/: fresh; refreshed 1 times, last at .*concurrently/),
    ]);
    expect(await about(shop.view, 'next refresh')).toEqual([expect.stringContaining('nothing has changed')]);
    expect(await about(shop.view, 'plan')).toEqual([
      expect.stringMatching(/refresh materialized view concurrently .*readers do not wait.*the last 1 took/),
    ]);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await about(shop.view, 'next refresh')).toEqual([expect.stringMatching(/due at .* \(trigger\)/)]);
    await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await about(shop.view, 'next refresh')).toEqual([expect.stringContaining('paused')]);
    expect((await about(shop.view, 'better')).join()).toContain('resume_mv');
  });

  test('says why a refresh is not CONCURRENTLY, and what would help', async () => {
    await addView(db, shop, 'counted');
    await watch(db, shop, 'INSERT', '', 'counted');
    expect(await about(`${shop.schema}.counted`, 'plan')).toEqual([
      expect.stringContaining('not CONCURRENTLY, since the view has no unique index'),
    ]);
    expect((await about(`${shop.schema}.counted`, 'better')).join()).toContain('create unique index concurrently');
  });

  test('is for pgrelay_viewer, and for views that are registered', async () => {
    await watch(db, shop, 'INSERT');
    await expect(explain('pg_class')).rejects.toMatchObject({ code: 'PM004' });
    await withLogin(db, ['pgrelay_viewer'], async (viewer, user) => {
      await db.query(`grant usage on schema ${shop.schema} to ${user}`);
      const { rows } = await viewer.query('select * from pgauto_mv.explain_mv($1::regclass)', [shop.view]);
      expect(rows.length).toBeGreaterThan(5);
      expect((await viewer.query('select * from pgauto_mv.simulate_mv($1::regclass)', [shop.view])).rows).toHaveLength(
        1,
      );
    });
  });
});

describe('simulate_mv()', () => {
  const simulate = async (lag: number, max: number, cooldown: number) => {
    const [row] = await db.query<{
      transactions: number;
      refreshes: number;
      average: number;
      longest: number;
      share: number;
    }>(
      `select transactions::int, refreshes::int, extract(epoch from average_staleness)::float8 as average,
         extract(epoch from longest_staleness)::float8 as longest, stale_share::float8 as share
       from pgauto_mv.simulate_mv($1::regclass, $2, $3, $4)`,
      [shop.view, lag, max, cooldown],
    );
    return row;
  };

  /** Writes at these seconds of the clock, and lets the planner go by them, with refreshes that take no time. */
  async function play(id: string, seconds: readonly number[], serve: boolean): Promise<number> {
    const client = await db.connect();
    let refreshed = 0;
    for (let at = 0; at <= (seconds.at(-1) ?? 0) + 120; at++) {
      for (const second of seconds) {
        if (second !== at) continue;
        await db.query(`insert into ${shop.orders} (amount) values (1)`);
        await db.query('update pgauto_mv.change set at = pgrelay.clock_now() where at < $1', ['2029-01-01']);
      }
      if (serve) {
        await db.query('select pgauto_mv.plan_v1()');
        for (const _ of await requests(db, id)) {
          await takeRequests(db);
          await refresh(client, id, 'trigger', null);
          refreshed++;
        }
      }
      await clock.advance(1);
    }
    return refreshed;
  }

  test('the published example: 500 transactions in a burst under lag 10 are one refresh; without a lag they are more', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await refresh(await db.connect(), id);
    await play(
      id,
      Array.from({ length: 50 }, (_, i) => Math.floor(i / 25)),
      false,
    );
    expect(await simulate(10, 60, 30)).toEqual({
      transactions: 50,
      refreshes: 1,
      average: 10.5,
      longest: 11,
      share: expect.any(Number),
    });
    expect(await simulate(0, 0, 0)).toMatchObject({ refreshes: 2, longest: 0 });
    expect(await simulate(0, 0, 30)).toMatchObject({ refreshes: 2, longest: 30 - 1 });
  });

  test('agrees with what the planner does, whatever the times', async () => {
    for (const seed of [1, 2, 3]) {
      await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
      const random = numbers(seed);
      const [lag, max, cooldown] = [random(6), random(3) * 7, random(12)];
      const id = await watch(
        db,
        shop,
        'INSERT',
        `, p_refresh_lag => ${lag}, p_max_wait => ${max}, p_cooldown => ${cooldown}`,
      );
      await refresh(await db.connect(), id);
      await clock.advance(600);
      await db.query('select pgauto_mv.plan_v1()');
      await takeRequests(db);
      const seconds = Array.from({ length: 25 }, () => random(90)).sort((a, b) => a - b);
      const done = await play(id, seconds, true);
      const row = await simulate(lag, max, cooldown);
      expect(row, `seed ${seed}: lag ${lag}, max_wait ${max}, cooldown ${cooldown}`).toMatchObject({
        transactions: 25,
        refreshes: done,
      });
    }
  });

  test('of a view without recorded changes, and with a time that cannot be', async () => {
    await watch(db, shop, 'INSERT');
    expect(await simulate(1, 0, 0)).toEqual({ transactions: 0, refreshes: 0, average: null, longest: 0, share: null });
    await expect(simulate(-1, 0, 0)).rejects.toMatchObject({ code: 'PM008' });
  });
});
