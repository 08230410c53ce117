import { until, useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultVerificationOptions } from '../src/verification-options.js';
import { type Verdict, type VerifyClaim, verifyGateway } from '../src/verify-gateway.js';
import { declareChannel, refresh } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { verification, verifyMv, verifyNext } from './support/verify.js';
import { VirtualClock } from './support/virtual-clock.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Shop;
let client: pg.Client;
beforeAll(async () => {
  await declareChannel(db);
  clock = await VirtualClock.install(db);
  client = await db.connect();
});

/** Registered and refreshed, one second apart. */
async function views(...names: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    await addView(db, shop, name);
    const id = await registerDerived(db, `${shop.schema}.${name}`);
    await refresh(client, id);
    ids.push(id);
    await clock.advance(1);
  }
  return ids;
}

beforeEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await clock.advance(10_000_000); // whatever a test before has used up
  shop = await openShop(db);
});

const wait = () => verifyGateway.wait(client);
const equal: Verdict = {
  outcome: 'equal',
  reason: null,
  sqlstate: null,
  plan: undefined,
  viewRows: '1',
  missing: '0',
  surplus: '0',
};
const limits = { ...defaultVerificationOptions, share: 0.01, everyMs: 0 };
/** A verification that takes so long by the database's clock. */
async function verifyFor(seconds: number, share = 0.01): Promise<string | undefined> {
  const claim = await verifyGateway.begin(client, limits);
  if (claim === undefined) return undefined;
  await clock.advance(seconds);
  await verifyGateway.end(client, claim, equal, { ...limits, share });
  return claim.mvId;
}

describe('the budget', () => {
  test('is the share of the time that comparisons took, by their recorded durations', async () => {
    await views('a', 'b');
    for (const [share, pause] of [
      [0.01, 990],
      [0.5, 10],
    ] as const) {
      expect(await verifyFor(10, share)).toBeDefined();
      expect(await wait()).toBe(pause * 1000);
      await clock.advance(pause - 1);
      expect([await verifyFor(0), await wait()]).toEqual([undefined, 1000]);
      await clock.advance(1);
      expect(await wait()).toBe(0);
    }
    expect(await verifyFor(0, 1)).toBeDefined();
    expect(await wait()).toBe(0);
  });

  test('holds over many comparisons, of dear views and cheap ones', async () => {
    await views('a', 'b', 'c');
    const began = clock.seconds;
    let spent = 0;
    for (let n = 1; n <= 40; n++) {
      await verifyFor(n % 7);
      spent += n % 7;
      await clock.advance(((await wait()) ?? 0) / 1000);
    }
    expect(spent / (clock.seconds - began)).toBeCloseTo(0.01, 3);
  });

  test('is shared: while one compares no other begins, and what was asked for costs nothing', async () => {
    const [first] = await views('a', 'b');
    const other = await db.connect();
    const claim = (await verifyGateway.begin(client, limits)) as VerifyClaim;
    expect(await verifyGateway.begin(other, limits)).toBeUndefined();
    expect([await verifyMv(db, `${shop.schema}.a`), await verifyMv(db, `${shop.schema}.b`)].sort()).toEqual([
      'equal',
      'in progress',
    ]);
    await verifyGateway.end(client, claim, equal, limits);
    expect([claim.mvId, await wait()]).toEqual([first, 0]);
  });

  test('goes on when who compared has died: its claim ends with its backend', async () => {
    await views('a');
    const other = await db.connect();
    await verifyGateway.begin(other, limits);
    expect(await verifyMv(db, `${shop.schema}.a`)).toBe('in progress');
    expect(await verifyNext(client, limits)).toBeUndefined();
    await other.end();
    await until(async () => (await wait()) === 0, 'the server has noticed it');
    expect((await verifyNext(client, limits))?.outcome).toBe('equal');
  });
});

describe('whose turn it is', () => {
  test('is that of the view that was not verified for longest', async () => {
    const ids = await views('a', 'b', 'c');
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 6; n++) {
      order.push(await verifyFor(0, 1));
      await clock.advance(1);
    }
    expect(order).toEqual([...ids, ...ids]);
  });

  test('comes more seldom to one whose comparison is dear', async () => {
    const [dear] = await views('dear', 'x', 'y');
    const turns: (string | undefined)[] = [];
    for (let n = 0; n < 40; n++) {
      const claim = (await verifyGateway.begin(client, limits)) as VerifyClaim;
      await clock.advance(claim.mvId === dear ? 20 : 1);
      await verifyGateway.end(client, claim, equal, { ...limits, share: 1 });
      turns.push(claim.mvId);
    }
    const count = turns.filter((id) => id === dear).length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(8);
  });

  test('does not come again within everyMs; after nothing could be told, sooner, in growing pauses', async () => {
    const [id = ''] = await views('a');
    const options = { share: 1, everyMs: 600_000 };
    expect((await verifyNext(client, options))?.outcome).toBe('equal');
    expect([await verifyNext(client, options), await wait()]).toEqual([undefined, 600_000]);
    await clock.advance(600);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    for (const pause of [5, 10, 20, 40, 80, 160, 320, 600, 600]) {
      expect((await verifyNext(client, options))?.outcome).toBe('dirty');
      expect(await wait()).toBe(pause * 1000);
      await clock.advance(pause);
    }
    await refresh(client, id);
    expect((await verifyNext(client, options))?.outcome).toBe('equal');
  });

  test('is nobody’s that was never refreshed, that is refreshed now, or while nothing is registered', async () => {
    expect(await wait()).toBeNull();
    await addView(db, shop, 'empty');
    const id = await registerDerived(db, `${shop.schema}.empty`);
    expect([await wait(), await verifyNext(client)]).toEqual([null, undefined]);
    await refresh(client, id);
    const refresher = await db.session('refresher');
    await refresher.query("select pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')", [id]);
    expect([await verifyNext(client), await verifyMv(db, `${shop.schema}.empty`)]).toEqual([undefined, 'in progress']);
  });
});

test('a comparison that runs into its timeout is too expensive, and comes back after longer and longer', async () => {
  await db.query(`create table ${shop.schema}.pause (seconds float8)`);
  await db.query(
    `create function ${shop.schema}.slow(n float8) returns float8 immutable language plpgsql as 'begin perform pg_catalog.pg_sleep(n); return n; end'`,
  );
  await db.query(
    `create materialized view ${shop.schema}.dear as select ${shop.schema}.slow(p.seconds) as n from ${shop.schema}.pause p`,
  );
  const id = await registerDerived(db, `${shop.schema}.dear`);
  await db.query(`alter table ${shop.schema}.pause disable trigger user`);
  await refresh(client, id);
  await db.query(`insert into ${shop.schema}.pause values (60)`); // nobody sees it come: only a comparison meets it
  const options = { share: 1, everyMs: 600_000, perViewTimeoutMs: 50 };
  for (const pause of [600, 1200, 2400]) {
    expect((await verifyNext(client, options))?.outcome).toBe('too expensive');
    expect(await wait()).toBe(pause * 1000);
    await clock.advance(pause);
  }
  expect(await verification(db, id)).toEqual(
    expect.objectContaining({ verified: false, reason: 'the comparison took longer than its timeout' }),
  );
});

test('a view that was not verified for a day is a problem that says why; an excluded one is none', async () => {
  const [busy = ''] = await views('busy');
  await addView(db, shop, 'chosen');
  const excluded = await watch(db, shop, 'INSERT', '', 'chosen');
  await refresh(client, excluded);
  await db.query(`insert into ${shop.orders} (amount) values (1)`);
  await clock.advance(90_000);
  expect([await verifyMv(db, `${shop.schema}.busy`), await verifyMv(db, `${shop.schema}.chosen`)]).toEqual([
    'dirty',
    'excluded',
  ]);
  const problems = () =>
    db.query("select object, evidence, remedy from pgauto_mv.get_mv_problems() where code = 'not_verified'");
  expect(await problems()).toEqual([
    {
      object: `${shop.schema}.busy`,
      evidence: expect.stringMatching(/more than a day \(last never\): changes wait for its next refresh$/),
      remedy: expect.stringMatching(/^call pgauto_mv.verify_mv\('shop_\d+\.busy'\);/),
    },
  ]);
  await refresh(client, busy);
  await verifyMv(db, `${shop.schema}.busy`);
  expect(await problems()).toEqual([]);
  expect((await verification(db, busy))?.verified).toBe(true);
});

test('verify_due does what the budget allows, and refuses a share that cannot be', async () => {
  await views('a', 'b', 'c');
  const due = async (args: string) =>
    Number((await db.query<{ p_verified: string }>(`call pgauto_mv.verify_due(${args})`))[0]?.p_verified);
  expect([await due('1'), await due('1')]).toEqual([3, 0]);
  await clock.advance(600);
  expect([await due("1, '0'"), await due("1, '0'")]).toEqual([3, 3]); // each once a call, which ends
  for (const wrong of ['0', '1.5', 'null', "1, '-1 s'"]) {
    await expect(db.query(`call pgauto_mv.verify_due(${wrong})`)).rejects.toMatchObject({ code: 'PM091' });
  }
});
