import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { busyWriter } from './support/busy.js';
import { order, untilFresh, useProcessors } from './support/processor.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

test('a Processor puts the trigger on when the transaction that wrote the table has ended, also with repair off, and then refreshes', async () => {
  const shop = await openShop(db);
  const writer = await busyWriter(db, shop.orders);
  const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await start({ repair: false });
  await until(
    async () => (await db.query('select from pgauto_mv.pending_trigger where tried_at is not null')).length === 1,
    'it was tried',
  );
  await until(
    async () =>
      (await db.query("select from pgauto_mv.freshness where id = $1 and skip_reason = 'installing'", [id])).length ===
      1,
    'the planner has looked',
  );
  expect(await db.query("select from pgauto_mv.log where kind = 'attempt' and mv_id = $1", [id])).toEqual([]);
  await writer.query('commit');
  await untilFresh(db, id);
  await order(db, shop, 4);
  await until(
    async () => (await db.query(`select from ${shop.view} where revenue = 4`)).length === 1,
    'the view shows the order',
  );
});
