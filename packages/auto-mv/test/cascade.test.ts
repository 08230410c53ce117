import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { addLayer, openSales, type Sales, settle } from './support/cascade.js';
import { usePlanner } from './support/use-planner.js';
import type { VirtualClock } from './support/virtual-clock.js';
import { watchesOf } from './support/watches.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Sales;

usePlanner(db, (installed) => {
  clock = installed;
});
beforeEach(async () => {
  shop = await openSales(db);
});

const sell = (day = '2024-05-06') => db.query(`insert into ${shop.sales} values ('${day}', 1)`);

async function register(view: string, options = ''): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `select pgauto_mv.register_mv('${shop.schema}.${view}'::regclass${options}) as id`,
  );
  return row?.id ?? '';
}

/** Registered as published, with no watch of its own: only the chain drives it. */
async function registerBehind(view: string, ...above: string[]): Promise<string> {
  const chain = above.map((name) => `'${shop.schema}.${name}'`).join(', ');
  const [row] = await db.query<{ id: string }>(
    `select pgauto_mv.register_mv(p_mv_name => '${view}', p_mv_schema => '${shop.schema}', p_chain => array[${chain}]::regclass[]) as id`,
  );
  return row?.id ?? '';
}

const daily = 'select day as key, sum(amount) as n from %S.sales group by day';
const weekly = (from: string) =>
  `select date_trunc('week', d.key)::date as key, sum(d.n) as n from ${from} d group by 1`;
const monthToDate = (from: string) =>
  `select date_trunc('month', d.key)::date as key, sum(d.n) as n from ${from} d group by 1`;

async function shows(view: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`select coalesce(sum(n), 0)::int as n from ${shop.schema}.${view}`);
  return row?.n ?? 0;
}

async function sources(): Promise<string[]> {
  const rows = await db.query<{ what: string }>(
    `select split_part(view_name, '.', 2) || ' ' || source as what from pgauto_mv.log
     where kind = 'attempt' and view_name like '${shop.schema}.%' order by id desc limit 3`,
  );
  return rows.map((row) => row.what).reverse();
}

describe('daily, weekly and month-to-date revenue', () => {
  const once = ['daily', 'weekly', 'month_to_date'];

  test('chained by hand: one write refreshes the three in order, once each', async () => {
    await addLayer(db, shop, 'daily', daily);
    await addLayer(db, shop, 'weekly', weekly('(select day as key, amount as n from %S.sales)'));
    await addLayer(db, shop, 'month_to_date', monthToDate('(select day as key, amount as n from %S.sales)'));
    await register('daily');
    const id = await registerBehind('weekly', 'daily');
    await registerBehind('month_to_date', 'weekly');
    expect(await settle(db, clock)).toEqual(once); // the first refreshes come in that order, too
    await sell();
    expect(await settle(db, clock)).toEqual(once);
    expect(await sources()).toEqual(['daily trigger', 'weekly chain', 'month_to_date chain']);
    expect(await shows('month_to_date')).toBe(1);
    expect(await watchesOf(db, id)).toEqual([`REFRESH ${shop.schema}.daily`]);
  });

  test('derived from what reads what: the same', async () => {
    await addLayer(db, shop, 'daily', daily);
    await addLayer(db, shop, 'weekly', weekly('%S.daily'));
    await addLayer(db, shop, 'month_to_date', monthToDate('%S.weekly'));
    for (const view of ['month_to_date', 'weekly', 'daily']) await register(view);
    expect(await settle(db, clock)).toEqual(once);
    await sell();
    expect(await settle(db, clock)).toEqual(once);
    expect(await shows('month_to_date')).toBe(1);
  });

  test('each of which also reads the table and everything before it: still once each', async () => {
    await addLayer(db, shop, 'daily', daily);
    await addLayer(db, shop, 'weekly', `${weekly('%S.daily')} union all select '2000-01-01', count(*) from %S.sales`);
    await addLayer(
      db,
      shop,
      'month_to_date',
      `${monthToDate('%S.weekly')} union all select '2001-01-01', count(*) from %S.sales, %S.daily`,
    );
    for (const view of ['month_to_date', 'weekly', 'daily']) await register(view);
    await settle(db, clock);
    await sell();
    expect(await settle(db, clock)).toEqual(once);
  });

  test('by a schedule that they share: in order, once each', async () => {
    await db.query("select pgauto_mv.set_schedule('hourly', '0 * * * *')");
    await addLayer(db, shop, 'daily', daily);
    await addLayer(db, shop, 'weekly', weekly('%S.daily'));
    await addLayer(db, shop, 'month_to_date', monthToDate('%S.weekly'));
    for (const view of ['month_to_date', 'weekly', 'daily']) await register(view, ", p_schedule => 'hourly'");
    await settle(db, clock);
    await clock.advance(3600);
    expect(await settle(db, clock)).toEqual(once);
    await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
    await db.query("select pgauto_mv.drop_schedule('hourly')");
  });
});

describe('a diamond', () => {
  async function diamond(left = '', right = '', bottom = ''): Promise<void> {
    await addLayer(db, shop, 'top', daily);
    await addLayer(db, shop, 'lefty', 'select key, n from %S.top');
    await addLayer(db, shop, 'right', 'select key, n from %S.top');
    await addLayer(db, shop, 'bottom', 'select key, l.n + r.n as n from %S.lefty l join %S.right r using (key)');
    await register('bottom', bottom);
    await register('right', right);
    await register('lefty', left);
    await register('top');
    await settle(db, clock);
  }

  test('is refreshed once, the bottom after both sides, whatever their times', async () => {
    await diamond(', p_cooldown => 0', ', p_refresh_lag => 7, p_cooldown => 30');
    await sell();
    expect(await settle(db, clock)).toEqual(['top', 'lefty', 'right', 'bottom']);
    expect(await shows('bottom')).toBe(2);
  });

  test('waits no longer for a side than max_wait, and not for one that is not due within a minute', async () => {
    await diamond('', ', p_refresh_lag => 50', ', p_max_wait => 5');
    await sell();
    expect(await settle(db, clock)).toEqual(['top', 'lefty', 'bottom', 'right', 'bottom']);
    await db.query(`select pgauto_mv.alter_mv('${shop.schema}.right'::regclass, p_refresh_lag => 90)`);
    await db.query(`select pgauto_mv.alter_mv('${shop.schema}.bottom'::regclass, p_reset => array['max_wait'])`);
    await sell();
    expect(await settle(db, clock)).toEqual(['top', 'lefty', 'bottom']); // the other side within the minute after
  });

  test('is not held up by a side that fails or is paused', async () => {
    await diamond();
    await db.query(`select pgauto_mv.pause_mv('${shop.schema}.right'::regclass)`);
    await sell();
    expect(await settle(db, clock)).toEqual(['top', 'lefty', 'bottom']);
  });

  test('under writes without pause is refreshed all the same', async () => {
    await diamond();
    const done = await settle(db, clock, (second) => (second < 60 ? sell() : Promise.resolve()));
    expect(done.filter((name) => name === 'bottom').length).toBeGreaterThan(5);
    expect(await shows('bottom')).toBe(120);
  });
});

test('one failing view stops what needs it and nothing else', async () => {
  await addLayer(db, shop, 'daily', daily);
  await addLayer(db, shop, 'broken', 'select key, 1 / (2 - n) as n from %S.daily');
  await addLayer(db, shop, 'below', 'select key, n from %S.broken union all select null, count(*) from %S.sales');
  await addLayer(db, shop, 'weekly', weekly('%S.daily'));
  await addLayer(db, shop, 'other', 'select count(*) as key, 0 as n from %S.sales');
  for (const view of ['below', 'weekly', 'other', 'broken', 'daily']) await register(view);
  await sell();
  await settle(db, clock);
  await sell();
  const done = await settle(db, clock);
  expect([...new Set(done)].sort()).toEqual(['below', 'broken: failed', 'daily', 'other', 'weekly']);
  expect(await db.query("select object from pgauto_mv.get_mv_problems() where code = 'refresh_failing'")).toEqual([
    { object: `${shop.schema}.broken` },
  ]);
});

test('duration and lag are reported to the root', async () => {
  await addLayer(db, shop, 'daily', daily);
  await addLayer(db, shop, 'weekly', weekly('%S.daily'));
  await addLayer(db, shop, 'month_to_date', monthToDate('%S.weekly'));
  const ids = [await register('daily'), await register('weekly'), await register('month_to_date')];
  await settle(db, clock);
  await db.query(`select pgauto_mv.alter_mv('${shop.schema}.weekly'::regclass, p_refresh_lag => 10)`);
  await sell();
  await db.query('update pgauto_mv.change set at = pgrelay.clock_now() where root is null'); // the clock stands still
  const sold = clock.seconds;
  await settle(db, clock);
  const rows = await db.query<{ lag: number; root: number; after: number; duration: number; way: number }>(
    `select distinct on (mv_id) extract(epoch from lag)::float8 as lag, extract(epoch from root_lag)::float8 as root,
       extract(epoch from at - '2030-01-01 00:00+00')::float8 - $2 as after, extract(epoch from duration)::float8 as duration,
       extract(epoch from root_duration)::float8 as way
     from pgauto_mv.log where mv_id = any ($1) and outcome = 'done' order by mv_id, id desc`,
    [ids, sold],
  );
  expect(rows.map((row) => row.root)).toEqual(rows.map((row) => row.after));
  expect(rows[2]?.root).toBeGreaterThan(10);
  expect(rows[2]?.lag).toBeLessThan(10); // since the refresh right above it
  let way = 0;
  for (const row of rows) {
    way += row.duration;
    expect(row.way).toBeCloseTo(way, 6);
  }
  const [fresh] = await db.query<{ lag: number; way: number }>(
    `select extract(epoch from last_root_lag)::float8 as lag, extract(epoch from last_root_duration)::float8 as way
     from pgauto_mv.freshness where id = $1`,
    [ids[2]],
  );
  expect(fresh).toEqual({ lag: rows[2]?.root, way: rows[2]?.way });
});

describe('chains', () => {
  const error = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (e: { code: string }) => e.code,
    );
  const alter = (view: string, options: string) =>
    db.query(`select pgauto_mv.alter_mv('${shop.schema}.${view}'::regclass, ${options})`);
  const behind = (...views: string[]) =>
    `p_chain => array[${views.map((view) => `'${shop.schema}.${view}'`).join(', ')}]::regclass[]`;
  const links = async () =>
    db.query(
      `select split_part(view_name, '.', 2) as view, split_part(relation, '.', 2) as behind, chained from pgauto_mv.watches
       where operation = 'REFRESH' order by 1, 2`,
    );

  beforeEach(async () => {
    await addLayer(db, shop, 'daily', daily);
    await addLayer(db, shop, 'weekly', weekly('%S.daily'));
    await addLayer(db, shop, 'plain', daily);
  });

  test('in a circle are refused, by hand, derived and both together, and nothing has changed', async () => {
    await register('daily');
    await register('weekly');
    await registerBehind('plain', 'weekly');
    const before = await links();
    for (const [view, above] of [
      ['daily', 'daily'],
      ['daily', 'weekly'],
      ['daily', 'plain'],
      ['weekly', 'plain'],
    ] as const) {
      expect(await error(alter(view, behind(above))), `${view} behind ${above}`).toBe('PM080');
    }
    expect(await links()).toEqual(before);
    await db.query(`select pgauto_mv.unregister_mv('${shop.schema}.weekly'::regclass)`);
    await alter('daily', behind('plain'));
    await alter('plain', "p_reset => array['chain']");
    await alter('daily', behind('plain'));
    expect(await error(register('weekly', `, ${behind('daily')}`))).toBeUndefined(); // reads it and is behind it: no circle
    expect(await error(alter('plain', behind('weekly')))).toBe('PM080');
    expect(await error(registerBehind('weekly', 'weekly'))).toBe('PM003');
  });

  test('by a watch of the other view are seen, too', async () => {
    await register('daily');
    await register('weekly');
    const watched = `p_watch_tables => array[pgauto_mv.mv_watch('${shop.schema}.weekly')]`;
    expect(await error(alter('daily', watched))).toBe('PM080');
  });

  test('need views that are registered', async () => {
    expect(await error(registerBehind('plain', 'daily'))).toBe('PM004');
    expect(await db.query('select from pgauto_mv.mv')).toEqual([]);
  });

  test('are altered beside the watches, and reset', async () => {
    await register('daily');
    await register('weekly');
    await registerBehind('plain', 'daily');
    await alter('plain', behind('daily', 'weekly'));
    expect(await links()).toEqual([
      { view: 'plain', behind: 'daily', chained: true },
      { view: 'plain', behind: 'weekly', chained: true },
      { view: 'weekly', behind: 'daily', chained: false },
    ]);
    await alter('weekly', behind('daily'));
    await alter('weekly', "p_watch_tables => '{}'");
    await alter('plain', "p_reset => array['watch_tables']"); // of the query: the chain stays
    expect(await links()).toEqual([
      { view: 'plain', behind: 'daily', chained: true },
      { view: 'plain', behind: 'weekly', chained: true },
      { view: 'weekly', behind: 'daily', chained: true },
    ]);
    await alter('plain', "p_chain => '{}'");
    await alter('weekly', "p_reset => array['chain', 'watch_tables']");
    expect(await links()).toEqual([{ view: 'weekly', behind: 'daily', chained: false }]);
    expect(await error(alter('plain', `${behind('daily')}, p_reset => array['chain']`))).toBe('PM041');
  });

  test('leave nothing behind when a view is unregistered', async () => {
    await register('daily');
    await registerBehind('plain', 'daily');
    await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
    expect(await db.query('select from pgauto_mv.watch')).toEqual([]);
  });
});
