import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultVerificationOptions } from '../src/verification-options.js';
import { type VerifyClaim, verifyGateway } from '../src/verify-gateway.js';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, type Shop } from './support/shop.js';
import { incidentsOf, untilSomebodyWaits, verifyMv, verifyNext } from './support/verify.js';
import { numbers } from './support/view-generator.js';
import { registerDerived, repairAll } from './support/watches.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let shop: Shop;
let id: string;
beforeEach(async () => {
  await db.query('delete from pgauto_mv.incident');
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await db.query("update pgauto_mv.verifier set next_at = '-infinity'"); // what a test before has not ended
  shop = await openShop(db);
  await db.query(
    `insert into ${shop.orders} (amount, day) select n, '2024-01-01'::date + n % 3 from generate_series(1, 30) n`,
  );
  id = await registerDerived(db, shop.view, ', p_cooldown => 0');
  await refresh(await db.connect(), id);
});

const limits = { ...defaultVerificationOptions, share: 1, everyMs: 0 };
const insert = `insert into ${'%'} (amount, day) values (1000, '2030-01-01')`;
const write = () => insert.replace('%', shop.orders);

/** A comparison in steps, in a session of its own. */
async function verifier() {
  const client = await db.connect();
  const claim = (await verifyGateway.begin(client, limits)) as VerifyClaim;
  await client.query('begin isolation level repeatable read, read only');
  return {
    /** Its transaction's first statement; what follows locks what the query reads. */
    snapshot: () => client.query('select pg_current_snapshot()'),
    enter: () => verifyGateway.enter(client, claim, limits),
    equal: async (statement: string | null) => (await client.query<{ equal: boolean }>(statement ?? '')).rows[0]?.equal,
    rewritten: () => verifyGateway.rewritten(client, claim),
    /** Ends the transaction and declares that they differ. */
    declare: async (plan: Awaited<ReturnType<typeof verifyGateway.enter>>) => {
      await client.query('rollback');
      const verdict = {
        outcome: 'differs',
        reason: null,
        sqlstate: null,
        plan,
        viewRows: '3',
        missing: '1',
        surplus: '0',
      };
      return verifyGateway.end(client, claim, verdict, limits);
    },
    client,
  };
}

describe('between the snapshot and the comparison', () => {
  test('a refresh CONCURRENTLY commits: the comparison sees contents and query of its snapshot', async () => {
    const compare = await verifier();
    await compare.snapshot();
    await db.query(write());
    const plan = await compare.enter();
    expect((await refresh(await db.connect(), id)).kind).toBe('done');
    expect([await compare.equal(plan.statement), await compare.rewritten()]).toEqual([true, false]);
    await compare.client.query('rollback');
  });

  test.each([
    ['a plain refresh', async () => void (await refresh(await db.connect(), id))],
    ['TRUNCATE of a source', async () => void (await db.query(`truncate ${shop.orders}`))],
    [
      'an ALTER TABLE that rewrites a source',
      async () => void (await db.query(`alter table ${shop.orders} alter column id type bigint`)),
    ],
  ])('%s commits, which is not MVCC-safe: nothing is concluded', async (_what, change) => {
    await db.query(`drop index ${shop.schema}.daily_day_idx`);
    const compare = await verifier();
    await compare.snapshot();
    await db.query(write());
    await change();
    const plan = await compare.enter();
    expect(await compare.equal(plan.statement)).toBe(false);
    expect(await compare.rewritten()).toBe(true);
    await compare.client.query('rollback');
  });

  test('a plain view below is replaced: it is in doubt by the time it is to be declared', async () => {
    await db.query(`create view ${shop.schema}.w as select amount from ${shop.orders}`);
    await db.query(`create materialized view ${shop.schema}.over as select sum(amount) as n from ${shop.schema}.w`);
    await db.query(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
    const over = await registerDerived(db, `${shop.schema}.over`);
    await refresh(await db.connect(), over);
    const compare = await verifier();
    await compare.snapshot();
    await db.query(`create or replace view ${shop.schema}.w as select amount + 1 as amount from ${shop.orders}`);
    const plan = await compare.enter();
    expect([await compare.equal(plan.statement), await compare.rewritten()]).toEqual([false, false]);
    expect(await compare.declare(plan)).toEqual(expect.objectContaining({ outcome: 'in doubt', incident: null }));
  });
});

test('a refresh from before an unseen write is no repair of what a comparison after it found; the next one is', async () => {
  await db.query(`alter table ${shop.orders} disable trigger user`);
  await repairAll(db);
  await refresh(await db.connect(), id);
  const compare = await verifier();
  const refresher = await db.session('refresher');
  const [claim] = await refresher.query<{ epoch: string }>(
    "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')",
    [id],
  );
  await refresher.query('begin isolation level repeatable read');
  const [entered] = await refresher.query<{ statement: string }>(
    "select statement from pgauto_mv.enter_refresh_v1($1, $2, '1 h', '10 s', '10 s')",
    [id, claim?.epoch],
  );
  await db.query(write());
  const plan = await compare.enter();
  expect([plan.outcome, await compare.equal(plan.statement), await compare.rewritten()]).toEqual([
    'compare',
    false,
    false,
  ]);
  expect((await compare.declare(plan)).outcome).toBe('differs');
  expect(await incidentsOf(db, id)).toEqual([expect.objectContaining({ marked: false, repaired: null })]);
  await refresher.query(entered?.statement ?? '');
  await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'plain', null)", [id, claim?.epoch]);
  await refresher.query('commit');
  expect(await isDirty(db, id)).toBe(false);
  await db.query('select pgauto_mv.repair_incidents_v1()');
  expect([await isDirty(db, id), await incidentsOf(db, id)]).toEqual([
    true,
    [expect.objectContaining({ marked: true, repaired: null })],
  ]);
  await refresh(await db.connect(), id);
  expect(await verifyMv(db, shop.view)).toBe('equal');
  expect(await incidentsOf(db, id)).toEqual([expect.objectContaining({ repaired: 'refreshed' })]);
});

test('a difference that a second look, in a new snapshot, cannot confirm is no incident', async () => {
  await db.query(`alter table ${shop.orders} disable trigger user`);
  await repairAll(db);
  await refresh(await db.connect(), id);
  await db.query(write());
  const session = await db.connect();
  const query = session.query.bind(session);
  let begun = 0;
  // Between the first look and the second, somebody writes what the triggers see.
  const spied = Object.assign(Object.create(session) as typeof session, {
    query: async (text: string, values?: unknown[]) => {
      if (/^begin/.test(text) && ++begun === 2) {
        await db.query(`alter table ${shop.orders} enable trigger user`);
        await repairAll(db);
      }
      return query(text, values);
    },
  });
  expect(await verifyNext(spied, limits)).toEqual(expect.objectContaining({ outcome: 'unconfirmed', incident: null }));
  expect([begun, await incidentsOf(db, id)]).toEqual([2, []]);
});

test('two verifiers never compare one view at once, and a claim that is not ours any more writes nothing', async () => {
  const compare = await verifier();
  expect(await verifyMv(db, shop.view)).toBe('in progress');
  expect(await verifyNext(await db.connect(), limits)).toBeUndefined();
  const plan = await compare.enter();
  await compare.client.query('rollback');
  await db.query(`select pgauto_mv.unregister_mv('${shop.view}'::regclass)`);
  expect((await compare.declare(plan)).outcome).toBe('gone');
  expect(await incidentsOf(db, id)).toEqual([]);
});

test('a comparison is named as the one in the way of who waits for a table, and of nobody else', async () => {
  const compare = await verifier();
  const plan = await compare.enter();
  await compare.equal(plan.statement);
  const [{ pid } = { pid: 0 }] = (await compare.client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  const control = await db.connect();
  expect(await verifyGateway.isInTheWay(control, pid, 0)).toBe(false);
  const migration = await db.session('migration');
  const altered = migration.query(`alter table ${shop.orders} add column note text`);
  await untilSomebodyWaits(db, shop.orders);
  expect(await verifyGateway.isInTheWay(control, pid, 60_000)).toBe(false);
  expect(await verifyGateway.isInTheWay(control, pid, 0)).toBe(true);
  await compare.client.query('rollback');
  await altered;
});

/** How many comparisons that tell something the random run makes; more by hand. */
const COMPARISONS = Number(process.env['PGRELAY_VERIFY_COMPARISONS'] ?? 250);

test('writers of every kind, refreshers, a collector and verifiers at once: never a false alarm', async () => {
  const random = numbers(4711);
  const shops = [shop, await openShop(db), await openShop(db)];
  const ids = [id];
  for (const other of shops.slice(1)) ids.push(await registerDerived(db, other.view, ', p_cooldown => 0'));
  // One that is always refreshed plainly, and one that reads a view.
  await db.query(
    `create materialized view ${shop.schema}.plain as select o.day, p.amount from ${shop.orders} o join ${shops[1]?.orders} p using (id)`,
  );
  await db.query(
    `create materialized view ${shop.schema}.above as select sum(revenue) as n, count(*) as days from ${shop.view}`,
  );
  for (const name of ['plain', 'above'])
    ids.push(await registerDerived(db, `${shop.schema}.${name}`, ', p_cooldown => 0'));
  const told = { equal: 0, other: 0, transactions: 0, refreshes: 0 };
  let focus = 0;
  const going = () => told.equal < COMPARISONS;

  async function writeAgainAndAgain(index: number): Promise<void> {
    const session = await db.session(`writer ${index}`);
    for (let n = 0; going(); n++) {
      const { orders } = shops[focus] ?? shop;
      if (random(12) === 0) focus = random(shops.length);
      const change = () => {
        if (random(3) === 0)
          return session.query(`update ${orders} set amount = amount + 1 where id % 5 = ${random(5)}`);
        if (random(6) === 0) return session.query(`delete from ${orders} where id % 11 = ${random(11)}`);
        if (random(80) === 0) return session.query(`truncate ${orders}`);
        return session.query(
          `insert into ${orders} (amount, day) values (${random(9)}, '2024-01-01'::date + ${random(4)})`,
        );
      };
      try {
        await session.query(`begin isolation level ${random(2) === 0 ? 'repeatable read' : 'read committed'}`);
        if (random(3) === 0) {
          await session.query('savepoint a');
          await change();
          await session.query(random(2) === 0 ? 'rollback to a' : 'release savepoint a');
        }
        await change();
        if (random(8) === 0) await session.query('select pg_sleep(0.03)'); // holds its changes back
        const ending = random(10);
        if (ending < 2) {
          await session.query(`prepare transaction 'v_${index}_${n}'`);
          await session.query('select pg_sleep(0.02)');
          await session.query(`${random(4) === 0 ? 'rollback' : 'commit'} prepared 'v_${index}_${n}'`);
        } else await session.query(ending === 2 ? 'rollback' : 'commit');
        told.transactions++;
      } catch (error) {
        if (!/^(40|55P03)/.test((error as { code?: string }).code ?? '')) throw error;
        await session.query('rollback'); // a conflict or a deadlock between writers
      }
      await session.query(`select pg_sleep(${random(4) / 100})`);
    }
  }
  async function refreshAgainAndAgain(): Promise<void> {
    const client = await db.connect();
    while (going()) {
      for (const mv of ids) if ((await refresh(client, mv, 'trigger', null)).kind === 'done') told.refreshes++;
      await client.query('select pgauto_mv.collect_v1()');
    }
  }
  async function verifyAgainAndAgain(): Promise<void> {
    const client = await db.connect();
    while (going()) {
      const found = await verifyNext(client, { share: 1, everyMs: 0 });
      if (found?.outcome === 'equal') told.equal++;
      else told.other++;
    }
  }
  const alone = async () => {
    const session = await db.session('alone');
    while (going()) {
      const [row] = await session.query<{ p_outcome: string }>(`call pgauto_mv.verify_mv('${shops[random(3)]?.view}')`);
      if (row?.p_outcome === 'equal') told.equal++;
    }
  };
  await Promise.all([
    ...[1, 2, 3, 4].map(writeAgainAndAgain),
    refreshAgainAndAgain(),
    refreshAgainAndAgain(),
    ...[verifyAgainAndAgain(), verifyAgainAndAgain(), alone()],
  ]);
  expect(await db.query('select view_name, cause, rows_missing, rows_surplus from pgauto_mv.incidents')).toEqual([]);
  const outcomes = await db.query<{ outcome: string }>(
    "select distinct outcome from pgauto_mv.log where kind = 'verify'",
  );
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['equal', 'dirty']));
  expect(outcomes.map(({ outcome }) => outcome)).not.toContain('failed');
  expect(told.transactions).toBeGreaterThan(20);
  expect(told.refreshes).toBeGreaterThan(10);
  if (COMPARISONS > 1000) console.log(told);
}, 600_000);
