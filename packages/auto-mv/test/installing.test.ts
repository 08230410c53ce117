import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { installTask } from '../src/install-task.js';
import { busyWriter, registry } from './support/busy.js';
import { declareChannel, isDirty, refresh, requests, takeRequests } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;
let extra: string;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await takeRequests(db);
  shop = await openShop(db);
  extra = `${shop.schema}.extra`;
  await db.query(`create table ${extra} (amount integer default 1)`);
  await db.query(
    `create materialized view ${shop.schema}.both as select (select sum(amount) from ${shop.orders}) + (select sum(amount) from ${extra}) as total`,
  );
});

const plan = () => db.query('select pgauto_mv.plan_v1()');

async function install(): Promise<{ relation: string | null; waiting: number } | undefined> {
  const [row] = await db.query<{ relation: string | null; waiting: number }>(
    'select relation, waiting::int as waiting from pgauto_mv.install_v1()',
  );
  return row;
}

async function installing(id: string): Promise<boolean | undefined> {
  const [row] = await db.query<{ installing: boolean }>('select installing from pgauto_mv.freshness where id = $1', [
    id,
  ]);
  return row?.installing;
}

const triggers = async (table: string): Promise<number> =>
  (await db.query('select from pg_trigger where tgrelid = $1::regclass and not tgisinternal', [table])).length;

const problem = () =>
  db.query<{ object: string; evidence: string; remedy: string }>(
    "select object, evidence, remedy from pgauto_mv.get_mv_problems() where code = 'installing'",
  );

/** The view `both`, registered for all that its query reads. */
async function registerBoth(): Promise<string> {
  const rows = await db.query<{ id: string }>(
    `select pgauto_mv.register_mv('${shop.schema}.both'::regclass, p_cooldown => 0) as id`,
  );
  return rows[0]?.id ?? '';
}

test('a table that a longer transaction writes is left over, and nothing refreshes the view before its trigger is there', async () => {
  const writer = await busyWriter(db, shop.orders);
  const id = await watch(db, shop, 'INSERT');
  expect([await installing(id), await isDirty(db, id), await triggers(shop.orders)]).toEqual([true, true, 0]);
  const [row, ...others] = await problem();
  expect(others).toEqual([]);
  expect(row).toMatchObject({ object: shop.view, evidence: expect.stringContaining(`INSERT are on ${shop.orders}`) });
  expect(row?.remedy).toContain('select * from pgauto_mv.clean_mv()');

  await plan();
  await plan();
  expect(await requests(db, id)).toEqual([]);
  const client = await db.connect();
  expect(await refresh(client, id, 'first', null)).toMatchObject({ kind: 'skipped', reason: 'installing' });
  expect(
    await db.query("select source, reason from pgauto_mv.log where kind = 'skip' and mv_id = $1 order by id", [id]),
  ).toEqual([
    { source: 'first', reason: 'installing' }, // the planner, once
    { source: 'first', reason: 'installing' }, // the refresher
  ]);
  expect(await install()).toEqual({ relation: null, waiting: 1 });

  await writer.query('commit');
  expect(await install()).toEqual({ relation: shop.orders, waiting: 0 });
  expect(await install()).toEqual({ relation: null, waiting: 0 });
  expect([await installing(id), await triggers(shop.orders), await problem()]).toEqual([false, 1, []]);
  await plan();
  expect(await requests(db, id)).toEqual([{ mv: id, source: 'first' }]);
  await refresh(client, id, 'first', null);
  expect(await isDirty(db, id)).toBe(false);
});

test('a trigger left over is not one that is missing', async () => {
  const writer = await busyWriter(db, shop.orders);
  await watch(db, shop, 'INSERT');
  expect(await db.query('select from pgauto_mv.missing_triggers()')).toEqual([]);
  expect(await db.query("select from pgauto_mv.get_mv_problems() where code = 'trigger_missing'")).toEqual([]);
  await writer.query('commit');
});

test('the tables that are free get their triggers at once; of the others one is done in each transaction, and the first refresh follows the last', async () => {
  const writer = await busyWriter(db, extra);
  const id = await registerBoth();
  expect([await triggers(shop.orders), await triggers(extra), await installing(id)]).toEqual([4, 0, true]);
  await db.query('select pgauto_mv.unregister_mv($1::regclass)', [`${shop.schema}.both`]);

  const other = await busyWriter(db, shop.orders);
  const again = await registerBoth();
  await writer.query('commit');
  await other.query('commit');
  const first = await install();
  expect(first?.waiting).toBe(1);
  await plan();
  expect([await installing(again), await requests(db, again)]).toEqual([true, []]);
  const second = await install();
  expect(second?.waiting).toBe(0);
  expect([first?.relation, second?.relation].sort()).toEqual([extra, shop.orders]);
  await plan();
  expect(await requests(db, again)).toEqual([{ mv: again, source: 'first' }]);
});

test('a busy table is said once, and its other triggers are not tried', async () => {
  const writer = await busyWriter(db, extra);
  const client = await db.connect();
  const notices: string[] = [];
  client.on('notice', (notice) => notices.push(notice.message ?? ''));
  await client.query(`select pgauto_mv.register_mv('${shop.schema}.both'::regclass)`);
  expect(notices).toEqual([expect.stringMatching(new RegExp(`^${extra} is busy`))]);
  await writer.query('commit');
});

test('what is written before the trigger is there gets into the view, also when an explicit refresh came before it', async () => {
  const writer = await busyWriter(db, extra);
  const id = await registerBoth();
  const client = await db.connect();
  await db.query(`insert into ${shop.orders} (amount) values (1)`);
  await db.query(`insert into ${extra} values (10)`);
  expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
  expect(await db.query(`select total::int from ${shop.schema}.both`)).toEqual([{ total: 11 }]);
  expect(await isDirty(db, id)).toBe(true);
  await writer.query('commit'); // one more, which no trigger saw

  await install();
  expect([await installing(id), await isDirty(db, id)]).toEqual([false, true]);
  await refresh(client, id, 'first', null);
  expect(await db.query(`select total::int from ${shop.schema}.both`)).toEqual([{ total: 12 }]);
  expect(await isDirty(db, id)).toBe(false);
  await db.query(`insert into ${extra} values (100)`);
  expect(await isDirty(db, id)).toBe(true);
});

test('the clean-up race: a view that is installing keeps the changes of the watches it has, whatever others have served', async () => {
  await addView(db, shop, 'first');
  const first = await watch(db, shop, 'INSERT', '', 'first');
  const client = await db.connect();
  await refresh(client, first);
  const writer = await busyWriter(db, extra);
  const second = await registerBoth();
  const refresher = await db.session('refresher of the second view');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 h')",
    [second],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [second, claim?.epoch]);
  await db.query(`insert into ${shop.orders} (amount) values (5)`);
  await refresh(client, first);
  const collect = () => db.query('select pgauto_mv.collect_v1()::int as gone');
  expect(await collect()).toEqual([{ gone: 0 }]);
  await refresher.query(`refresh materialized view ${shop.schema}.both`);
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'plain', null)", [second, claim?.epoch]);
  await refresher.query('commit');
  expect(await collect()).toEqual([{ gone: 0 }]);
  expect(await isDirty(db, second)).toBe(true);

  await writer.query('commit');
  await install();
  await refresh(client, second, 'first', null);
  expect(await db.query(`select total::int from ${shop.schema}.both`)).toEqual([{ total: 6 }]);
  expect(await collect()).toEqual([{ gone: 1 }]);
});

test('a trigger is not put on while an explicit refresh of its view runs', async () => {
  const writer = await busyWriter(db, shop.orders);
  const id = await watch(db, shop, 'INSERT');
  await writer.query('commit');
  const refresher = await db.session('refresher');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 h')",
    [id],
  );
  await refresher.query('begin isolation level repeatable read');
  await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
  expect(await install()).toEqual({ relation: null, waiting: 1 });
  await refresher.query('rollback');
  expect(await install()).toEqual({ relation: shop.orders, waiting: 0 });
});

test('two views wait for one trigger; the second finds the table free, and both have it', async () => {
  await addView(db, shop, 'counted');
  const writer = await busyWriter(db, shop.orders);
  const one = await watch(db, shop, 'INSERT');
  const two = await watch(db, shop, 'INSERT', '', 'counted');
  expect([await installing(one), await installing(two)]).toEqual([true, true]);
  await writer.query('commit');
  await addView(db, shop, 'third');
  const three = await watch(db, shop, 'INSERT', '', 'third');
  expect([await installing(one), await installing(two), await installing(three)]).toEqual([false, false, false]);
  expect(await triggers(shop.orders)).toBe(1);
  expect(await isDirty(db, one)).toBe(true);
});

describe('unregister_mv', () => {
  test('leaves nothing of a view that is installing', async () => {
    const before = await registry(db);
    const writer = await busyWriter(db, extra);
    await registerBoth();
    expect(await registry(db)).not.toEqual(before);
    await db.query('select pgauto_mv.unregister_mv($1::regclass)', [`${shop.schema}.both`]);
    expect(await registry(db)).toEqual(before);
    await writer.query('commit');
    expect([await install(), await triggers(extra)]).toEqual([{ relation: null, waiting: 0 }, 0]);
  });

  test('waits for a trigger that is being put on, and takes it off', async () => {
    const before = await registry(db);
    const writer = await busyWriter(db, shop.orders);
    await watch(db, shop, 'INSERT');
    await writer.query('commit');
    const installer = await db.session('installer');
    await installer.query('begin');
    await installer.query('select pgauto_mv.install_v1()');
    const leaver = await db.session('leaver');
    const left = leaver.start(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
    await leaver.untilBlocked();
    await installer.query('commit');
    await left;
    expect(await registry(db)).toEqual(before);
  });
});

test('clean_mv() puts on what is left over', async () => {
  const writer = await busyWriter(db, shop.orders);
  const id = await watch(db, shop, 'INSERT');
  await writer.query('commit');
  expect(await db.query('select * from pgauto_mv.clean_mv()')).toEqual([
    { action: 'triggers put on', object: shop.orders },
  ]);
  expect(await installing(id)).toBe(false);
});

describe('a Processor whose login may not put the trigger on', () => {
  test('is named with the GRANT to run, also while the table is busy; run as it stands it is all that was missing', async () => {
    const writer = await busyWriter(db, shop.orders);
    const id = await watch(db, shop, 'INSERT');
    const login = await db.login('pgrelay_processor');
    await db.query(`grant usage on schema ${shop.schema} to ${login.user}`); // so that only the table's lock comes first
    const processor = await db.connect(login);
    const tryIt = async () =>
      (await processor.query('select relation, waiting::int as waiting from pgauto_mv.install_v1()')).rows;
    expect(await tryIt()).toEqual([{ relation: null, waiting: 1 }]);
    const [row] = await problem();
    expect(row?.evidence).toContain(`${login.user} could not put them on: PM010`);
    expect(row?.remedy).toBe(
      `grant trigger on ${shop.orders} to ${login.user}; -- as the owner of the table; a Processor then puts them on`,
    );

    await db.query(row?.remedy ?? '');
    await writer.query('commit');
    expect(await tryIt()).toEqual([{ relation: shop.orders, waiting: 0 }]);
    expect([await installing(id), await problem()]).toEqual([false, []]);
  });
});

test('a table that stays busy is tried after pauses that double, up to 10 s, and at once when one was done', async () => {
  let answer: { relation: string | null; waiting: number } = { relation: null, waiting: 1 };
  const task = installTask();
  const run = () =>
    task.run({
      control: { query: async () => ({ rows: [answer as never], rowCount: 1 }) },
      log: { info: () => undefined } as never,
      signal: new AbortController().signal,
    });
  const pauses: (number | undefined)[] = [];
  for (let i = 0; i < 8; i++) pauses.push(await run());
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  answer = { relation: 'shop.orders', waiting: 1 };
  expect(await run()).toBe(0);
  answer = { relation: null, waiting: 1 };
  expect(await run()).toBe(250);
  answer = { relation: null, waiting: 0 };
  expect(await run()).toBe(1_000);
});
