import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addLayer, openSales, type Sales, settle } from './support/cascade.js';
import { group, groupRow } from './support/groups.js';
import { refresh, requests } from './support/refresh.js';
import { usePlanner } from './support/use-planner.js';
import type { VirtualClock } from './support/virtual-clock.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
let clock: VirtualClock;
usePlanner(db, (installed) => {
  clock = installed;
});

let sales: Sales;
beforeEach(async () => {
  sales = await openSales(db);
});
afterEach(() => db.query('select pgauto_mv.drop_group(g.name) from pgauto_mv.groups g'));

const view = (name: string) => `${sales.schema}.${name}`;
const write = () => db.query(`insert into ${sales.sales} values ('2030-01-01', 1)`);

/** Views over the sales, registered with these options; the ids by name. */
async function views(options: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const [name, given] of Object.entries(options)) {
    await addLayer(db, sales, name, 'select day as key, sum(amount) as n from %S.sales group by day');
    ids[name] = await registerDerived(db, view(name), given);
  }
  return ids;
}

/** How often each view was refreshed since it was registered. */
const counts = async (ids: Readonly<Record<string, string>>) =>
  Promise.all(
    Object.values(ids).map(
      async (id) =>
        (await db.query<{ n: number }>('select refreshes::int as n from pgauto_mv.freshness where id = $1', [id]))[0]
          ?.n,
    ),
  );

test('a group is due when the first of its members is, and all are refreshed once', async () => {
  const ids = await views({
    slow: ', p_refresh_lag => 100, p_cooldown => 0',
    quick: ', p_refresh_lag => 5, p_cooldown => 0',
  });
  await group(db, 'g', [view('slow'), view('quick')]);
  await settle(db, clock);
  expect(await counts(ids)).toEqual([1, 1]);
  await write();
  await db.query('select pgauto_mv.plan_v1()');
  const [due] = await db.query<{ s: number; source: string }>(
    "select round(extract(epoch from due_at - pgrelay.clock_now()))::int as s, due_source as source from pgauto_mv.groups where name = 'g'",
  );
  expect(due).toEqual({ s: 5, source: 'trigger' });
  expect(await settle(db, clock)).toHaveLength(1);
  expect(await counts(ids)).toEqual([2, 2]);
});

test('it rests for the longest cooldown among them, and one request is made for all', async () => {
  const ids = await views({ long: ', p_cooldown => 20', short: ', p_cooldown => 0' });
  await group(db, 'g', [view('long'), view('short')]);
  await settle(db, clock);
  await write();
  await db.query('select pgauto_mv.plan_v1()');
  expect(await requests(db, ...Object.values(ids))).toHaveLength(1);
  const began = clock.seconds;
  const times: number[] = [];
  await settle(db, clock, async (second) => {
    if (second < 60) await write();
    const [n] = await counts(ids);
    if (n !== times.length) times.push(clock.seconds - began);
    while (times.length < (n ?? 0)) times.push(clock.seconds - began);
  });
  const [first] = await counts(ids);
  expect(first).toBeLessThanOrEqual(1 + 1 + 60 / 20 + 1); // the first, the one asked for above, one a cooldown, the last
  expect(await counts(ids)).toEqual([first, first]);
});

test('it waits for a view above that is no member, and what is below waits for it: each once', async () => {
  await addLayer(db, sales, 'above', 'select day as key, sum(amount) as n from %S.sales group by day');
  await addLayer(db, sales, 'reading', 'select key, n from %S.above');
  await addLayer(db, sales, 'beside', 'select day as key, count(*) as n from %S.sales group by day');
  await addLayer(db, sales, 'below', 'select key, n from %S.reading');
  const ids: Record<string, string> = {};
  for (const name of ['above', 'reading', 'beside', 'below'])
    ids[name] = await registerDerived(db, view(name), ', p_cooldown => 0');
  await group(db, 'g', [view('reading'), view('beside')]);
  await settle(db, clock);
  const before = await counts(ids);
  await write();
  await db.query('select pgauto_mv.plan_v1()');
  expect(await groupRow(db, 'g')).toMatchObject({ skip_reason: 'upstream first', due_source: 'trigger' });
  expect((await requests(db, ...Object.values(ids))).map(({ mv }) => mv)).toEqual([ids['above']]);
  const order = await settle(db, clock);
  expect(order).toHaveLength(3);
  expect([order[0], order[2]]).toEqual(['above', 'below']);
  expect(await counts(ids)).toEqual(before.map((n) => (n ?? 0) + 1));
});

test('what is below waits for no group that rests for longer than a minute', async () => {
  const ids = await views({ a: ', p_cooldown => 0', b: ', p_cooldown => 3600' });
  await addLayer(db, sales, 'below', 'select key, n, (select count(*) from %S.sales) as total from %S.a');
  const below = await registerDerived(db, view('below'), ', p_cooldown => 0');
  await group(db, 'g', [view('a'), view('b')]);
  await settle(db, clock);
  const before = await counts({ ...ids, below });
  await write();
  expect(await settle(db, clock)).toEqual(['below']);
  expect(await counts({ ...ids, below })).toEqual([before[0], before[1], (before[2] ?? 0) + 1]);
  expect(await groupRow(db, 'g')).toMatchObject({ skip_reason: 'cooldown', dirty: true });
});

test('after a failure that waiting does not mend it waits for the next change of any member', async () => {
  const ids = await views({ sound: ', p_cooldown => 0' });
  await db.query(`create table ${sales.schema}.divisor (n integer)`);
  await db.query(`insert into ${sales.schema}.divisor values (1)`);
  await addLayer(db, sales, 'ratio', 'select 1 as key, 1 / min(n) as n from %S.divisor');
  const ratio = await registerDerived(db, view('ratio'), ', p_cooldown => 0');
  await group(db, 'g', [view('sound'), view('ratio')]);
  await settle(db, clock);
  await db.query(`update ${sales.schema}.divisor set n = 0`);
  const failed = async () => (await settle(db, clock)).filter((name) => name.endsWith('failed')).length;
  const once = [1, 2]; // the clock stands still from the look to the claim, so the change may be one that came since
  expect(once).toContain(await failed());
  expect(await groupRow(db, 'g')).toMatchObject({
    failing: view('ratio'),
    skip_reason: 'failed; waits for the next change',
    dirty: true,
  });
  await write();
  expect(once).toContain(await failed());
  await db.query(`update ${sales.schema}.divisor set n = 2`);
  await settle(db, clock);
  expect(await groupRow(db, 'g')).toMatchObject({ failing: null, skip_reason: null, dirty: false });
  expect((await counts({ ...ids, ratio })).every((n) => (n ?? 0) >= 2)).toBe(true);
});

test('the schedule of one member refreshes all, and a lock that could not be had is tried again after a pause', async () => {
  const ids = await views({ clocked: ", p_cooldown => 0, p_schedule => '1 hour'", plain: ', p_cooldown => 0' });
  await group(db, 'g', [view('clocked'), view('plain')], ', p_plain => true');
  await settle(db, clock);
  const before = await counts(ids);
  await clock.advance(3600);
  const reader = await db.session('reader');
  await reader.query('begin');
  await reader.query(`select from ${view('plain')} limit 1`);
  await db.query('select pgauto_mv.plan_v1()');
  const client = await db.connect();
  expect(await refresh(client, ids['clocked'] ?? '', 'schedule', null)).toMatchObject({
    kind: 'failed',
    sqlstate: '55P03',
    retryMs: 3000,
  });
  await reader.query('commit');
  await db.query('select pgauto_mv.plan_v1()');
  expect(await groupRow(db, 'g')).toMatchObject({ skip_reason: 'backing off', failing: view('plain') });
  await settle(db, clock);
  expect(await counts(ids)).toEqual(before.map((n) => (n ?? 0) + 1));
});
