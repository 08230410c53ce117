import { fork } from 'node:child_process';
import { once } from 'node:events';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import {
  order,
  refreshes,
  slowView,
  untilEnds,
  untilFresh,
  untilSleeping,
  useProcessors,
} from './support/processor.js';
import { openShop } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

test('refresh_materialised_view_now during a refresh is served after it', async () => {
  const shop = await openShop(db);
  const id = await slowView(db, shop);
  await db.query(`insert into ${shop.schema}.gate values (1)`);
  await start();
  await untilSleeping(db);
  await order(db, shop, 5);
  await db.query(`delete from ${shop.schema}.gate`);
  await db.query(`select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')`);
  await until(
    async () => (await db.query(`select from ${shop.schema}.slow where revenue = 5`)).length === 1,
    'the view shows the order',
  );
  expect(await refreshes(db, id)).toBeGreaterThanOrEqual(2);
});

describe('a Processor that stops in the middle of a refresh', () => {
  test('gives it back, and the next one does it', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const processor = await start();
    await untilSleeping(db);
    await processor.stop();
    expect(await db.query("select outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt'", [id])).toEqual([
      { outcome: 'released' },
    ]);
    await db.query(`delete from ${shop.schema}.gate`);
    await start();
    await untilFresh(db, id);
  });

  test('by SIGKILL: the refresh goes with it, and the next one does it again', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const child = fork(new URL('fixtures/processor.mjs', import.meta.url), [db.url], { silent: true });
    await untilSleeping(db);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await db.query(`delete from ${shop.schema}.gate`);
    await order(db, shop, 3);
    await start();
    await untilFresh(db, id);
    expect(await db.query(`select revenue::int, n::int from ${shop.schema}.slow`)).toEqual([{ revenue: 3, n: 0 }]);
  });
});
