import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ViewVerified } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { beforeEach, expect, test } from 'vitest';
import { createMvClient } from '../src/client/mv-client.js';
import { order, untilFresh, useProcessors } from './support/processor.js';
import { addView, openShop, type Shop } from './support/shop.js';
import { incidentsOf, verification } from './support/verify.js';
import { registerDerived, repairAll } from './support/watches.js';

const db = useDatabase();
const start = useProcessors(db);
let shop: Shop;
beforeEach(async () => {
  shop = await openShop(db);
});

// Without the repair by the server's counters, which might be first.
const always = { verification: { share: 1, everyMs: 0, lookEveryMs: 20 }, repair: false };
const untilOutcome = (id: string, outcome: string) =>
  until(async () => (await verification(db, id))?.verification === outcome, `verification finds ${outcome}`);

test('a Processor compares views by itself; a difference is told, repaired and kept', async () => {
  const told: ViewVerified[] = [];
  const hear = (message: unknown) => void told.push(message as ViewVerified);
  subscribe('pgrelay.view.verified', hear);
  try {
    const id = await registerDerived(db, shop.view, ', p_cooldown => 0');
    const other = await registerDerived(db, await another(), ', p_cooldown => 0');
    await start(always);
    await untilFresh(db, id);
    for (const each of [id, other]) await untilOutcome(each, 'equal');
    await db.query(`alter table ${shop.orders} disable trigger user`);
    await repairAll(db);
    await untilFresh(db, id);
    await order(db, shop, 7);
    const repaired = () =>
      until(
        async () =>
          (await incidentsOf(db, id)).length > 0 &&
          (await incidentsOf(db, id)).every((incident) => incident.repaired === 'refreshed'),
        'the incident is repaired',
      );
    await repaired();
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 7 }]);
    const mv = createMvClient({ connectionString: db.url });
    expect(await mv.incidents()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          viewName: shop.view,
          rowsMissing: 1,
          rowsSurplus: 0,
          cause: expect.stringMatching(/^trigger disabled/),
          repairedHow: 'refreshed',
        }),
      ]),
    );
    expect((await mv.freshness(shop.view)).verifiedUntil).toBeInstanceOf(Date);
    expect(await until(async () => (await mv.verify(shop.view)) === 'equal', 'it is verified when asked for')).toBe(
      true,
    );
    await expect(mv.verify('pg_catalog.pg_class')).rejects.toMatchObject({ code: 'AUTO_MV_VIEW_NOT_REGISTERED' });
    await mv.close();
    expect(told).toContainEqual({
      mv: id,
      outcome: 'differs',
      incident: expect.stringMatching(/^\d+$/),
      ms: expect.any(Number),
    });
    expect(told).toContainEqual({ mv: id, outcome: 'equal', incident: null, ms: expect.any(Number) });
  } finally {
    unsubscribe('pgrelay.view.verified', hear);
  }
});

test('a comparison gives way to DDL, is cancelled when the Processor stops, and a share of 0 is none', async () => {
  await db.query(`create table ${shop.schema}.pause (seconds float8)`);
  await db.query(
    `create function ${shop.schema}.slow(n float8) returns float8 immutable language plpgsql as 'begin perform pg_catalog.pg_sleep(n); return n; end'`,
  );
  await db.query(
    `create materialized view ${shop.schema}.slow_view as select p.seconds, ${shop.schema}.slow(p.seconds) as n from ${shop.schema}.pause p`,
  );
  const id = await registerDerived(db, `${shop.schema}.slow_view`, ', p_cooldown => 0');
  const none = await start({ verification: { ...always.verification, share: 0 } });
  await untilFresh(db, id);
  await none.stop();
  expect((await verification(db, id))?.verification).toBeNull();
  // Nobody sees this row come, so only a comparison meets it, and sleeps over it.
  await db.query(`alter table ${shop.schema}.pause disable trigger user`);
  await repairAll(db);
  const refreshing = await start({ ...always, verification: { share: 0 } });
  await untilFresh(db, id);
  await refreshing.stop();
  await db.query(`insert into ${shop.schema}.pause values (60)`);

  const processor = await start({ ...always, giveWayAfterMs: 50 });
  const sleeping = () =>
    until(
      async () =>
        (
          await db.query<{ pid: number }>(
            "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' and query ~ 'pgauto_mv_row'",
          )
        )[0]?.pid,
      'a comparison sleeps',
    );
  await sleeping();
  const migration = db.query(`alter table ${shop.schema}.pause add column note text`);
  await migration;
  await untilOutcome(id, 'gave way');
  await db.query(
    "update pgauto_mv.verification set next_at = null; update pgauto_mv.verifier set next_at = '-infinity'",
  );
  await sleeping();
  await processor.stop();
  expect(await verification(db, id)).toEqual(
    expect.objectContaining({ verification: 'gave way', reason: 'the Processor stopped' }),
  );
  expect(await incidentsOf(db, id)).toEqual([]);
});

async function another(): Promise<string> {
  await addView(db, shop, 'count');
  return `${shop.schema}.count`;
}
