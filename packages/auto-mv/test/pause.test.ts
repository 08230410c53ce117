import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh, requests, takeRequests } from './support/refresh.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;
let id: string;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  shop = await openShop(db);
  id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await refresh(await db.connect(), id);
  await db.query('select pgauto_mv.plan_v1()');
  await takeRequests(db);
});

const plan = () => db.query('select pgauto_mv.plan_v1()');
const order = () => db.query(`insert into ${shop.orders} (amount) values (1)`);
const skips = () =>
  db.query("select source, reason from pgauto_mv.log where kind = 'skip' and mv_id = $1 order by id", [id]);
const problems = () =>
  db.query<{ remedy: string }>("select remedy from pgauto_mv.get_mv_problems() where code = 'paused' and object = $1", [
    shop.view,
  ]);

test.each([
  ['by name', (what: string) => `select pgauto_mv.${what}_mv('daily', '${shop.schema}')`],
  ['by regclass', (what: string) => `select pgauto_mv.${what}_mv('${shop.view}'::regclass)`],
])(
  '%s: a paused view captures and is not refreshed, which is logged once; resumed it catches up',
  async (_form, call) => {
    await db.query(call('pause'));
    await order();
    await plan();
    await order();
    await plan();
    await plan();
    expect([await isDirty(db, id), await requests(db, id)]).toEqual([true, []]);
    expect(await skips()).toEqual([{ source: 'trigger', reason: 'paused' }]);
    expect(await refresh(await db.connect(), id, 'trigger', null)).toMatchObject({ kind: 'skipped', reason: 'paused' });
    const [problem] = await problems();
    expect(problem?.remedy).toBe(`select pgauto_mv.resume_mv('daily', '${shop.schema}');`);

    await db.query(call('resume'));
    expect(await problems()).toEqual([]);
    await plan();
    expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
    await refresh(await db.connect(), id, 'trigger', null);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 2 }]);
  },
);

test('who asks for a refresh of a paused view gets it, and the pause goes on', async () => {
  await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
  await order();
  await db.query(`select pgauto_mv.refresh_materialized_view_now('${shop.view}'::regclass)`);
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'now' }]);
  expect(await refresh(await db.connect(), id, 'now')).toMatchObject({ kind: 'done' });
  expect(await isDirty(db, id)).toBe(false);
  await order();
  await takeRequests(db);
  await plan();
  expect(await requests(db, id)).toEqual([]);
});

test('pausing again keeps the beginning of the pause; resuming what is not paused is nothing', async () => {
  const since = () => db.query('select paused_at from pgauto_mv.freshness where id = $1', [id]);
  await db.query(`select pgauto_mv.resume_mv('${shop.view}'::regclass)`);
  expect(await since()).toEqual([{ paused_at: null }]);
  await db.query(`select pgauto_mv.pause_mv('${shop.view}'::regclass)`);
  const first = await since();
  expect(first).not.toEqual([{ paused_at: null }]);
  await db.query(`select pgauto_mv.pause_mv('daily', '${shop.schema}')`);
  expect(await since()).toEqual(first);
});

test.each(['pause', 'resume'])('%s_mv of a view that is not registered is PM004', async (what) => {
  await expect(db.query(`select pgauto_mv.${what}_mv('no', '${shop.schema}')`)).rejects.toMatchObject({
    code: 'PM004',
    hint: expect.any(String),
  });
});
