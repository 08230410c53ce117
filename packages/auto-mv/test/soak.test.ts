import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

const WRITERS = 5;
const TRANSACTIONS = 60;

/** A small generator with a seed, so that a failure can be run again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

test('writers of every kind, two refreshers and a collector at once: nothing is lost, and no token is answered too soon', async () => {
  const shop = await openShop(db);
  const mv = await watch(db, shop, 'INSERT,UPDATE,DELETE,TRUNCATE', ', p_cooldown => 0');
  const committed: string[] = [];
  let writing = WRITERS;

  async function write(seed: number): Promise<void> {
    const random = generator(seed);
    const session = await db.session(`writer ${seed}`);
    for (let i = 0; i < TRANSACTIONS; i++) {
      await session.query(`begin isolation level ${random(3) === 0 ? 'repeatable read' : 'read committed'}`);
      const insert = () =>
        session.query(`insert into ${shop.orders} (amount, day) values (1, '2024-01-01'::date + ${random(5)})`);
      try {
        if (random(4) === 0) {
          await session.query('savepoint a');
          await insert();
          await session.query(random(2) === 0 ? 'rollback to a' : 'release savepoint a');
        }
        if (random(5) === 0) await session.query(`delete from ${shop.orders} where id % 7 = ${random(7)}`);
        if (random(60) === 0) await session.query(`truncate ${shop.orders}`);
        await insert();
        if (random(6) === 0) await session.query('select pg_sleep(0.1)'); // holds its changes back
        const [row] = await session.query<{ token: string }>('select pg_current_xact_id()::text as token');
        if (random(6) === 0) {
          await session.query('rollback');
        } else {
          await session.query('commit');
          committed.push(row?.token ?? '');
        }
      } catch {
        await session.query('rollback'); // a write conflict or a deadlock between writers
      }
    }
    writing--;
  }

  const counts = { refreshes: 0, lost: 0, checks: 0, fresh: 0 };
  async function refreshAgainAndAgain(): Promise<void> {
    const client = await db.connect();
    while (writing > 0) {
      const { kind } = await refresh(client, mv);
      if (kind === 'done') counts.refreshes++;
      else counts.lost++;
    }
  }

  /** In one snapshot: the view equals its query, unless a change is visible that it has not served. */
  async function check(): Promise<void> {
    const session = await db.session('checker');
    while (writing > 0) {
      await session.query('begin isolation level repeatable read');
      const [row] = await session.query<{ dirty: boolean; differing: number }>(
        `select pgauto_mv.is_dirty(s.mv_id, s.snap) as dirty, (select count(*)::int from (
           (select day, revenue from ${shop.view} except all select day, sum(amount) from ${shop.orders} group by day)
           union all (select day, sum(amount) from ${shop.orders} group by day except all select day, revenue from ${shop.view})) x) as differing
         from pgauto_mv.state s where s.mv_id = $1`,
        [mv],
      );
      await session.query('commit');
      if (row?.dirty === false) {
        counts.checks++;
        expect(row.differing).toBe(0);
      }
      await session.query('select pgauto_mv.collect_v1()');
      const token = committed.at(-1);
      if (token !== undefined) {
        const [answer] = await session.query<{ fresh: boolean; seen: boolean }>(
          `select pgauto_mv.is_fresh('${shop.view}', $1::xid8) as fresh,
             (select pg_visible_in_snapshot($1::xid8, s.snap) from pgauto_mv.state s where s.mv_id = $2) as seen`,
          [token, mv],
        );
        if (answer?.fresh) counts.fresh++;
        expect(answer?.fresh && !answer.seen).toBe(false);
      }
    }
  }

  await Promise.all([
    ...Array.from({ length: WRITERS }, (_, i) => write(i + 1)),
    refreshAgainAndAgain(),
    refreshAgainAndAgain(),
    check(),
  ]);

  const client = await db.connect();
  if (await isDirty(db, mv)) await refresh(client, mv);
  expect(await isDirty(db, mv)).toBe(false);
  expect(
    await db.query(`(select day, revenue from ${shop.view} except all select day, sum(amount) from ${shop.orders} group by day)
      union all (select day, sum(amount) from ${shop.orders} group by day except all select day, revenue from ${shop.view})`),
  ).toEqual([]);
  for (const token of committed) {
    expect(await db.query(`select pgauto_mv.is_fresh('${shop.view}', $1::xid8) as fresh`, [token])).toEqual([
      { fresh: true },
    ]);
  }
  await db.query('select pgauto_mv.collect_v1()');
  expect(await db.query('select from pgauto_mv.change')).toEqual([]);
  expect(counts.refreshes).toBeGreaterThan(20);
  expect(counts.lost).toBeGreaterThan(0);
  expect(committed.length).toBeGreaterThan(100);
});
