import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { refreshes, useProcessors } from './support/processor.js';
import { openShop, watch } from './support/shop.js';

const db = useDatabase();
const startProcessor = useProcessors(db);

test.each([
  ['schedule', "schedule = 'every 1 second'"],
  ['safety', "safety_refresh = '1 second'"],
])('a Processor refreshes a view that nothing dirties: %s', async (source, setting) => {
  const shop = await openShop(db);
  const id = await watch(db, shop, undefined, ', p_cooldown => 0');
  await db.query(`update pgauto_mv.mv set ${setting} where id = $1`, [id]);
  await startProcessor();
  await until(async () => (await refreshes(db, id)) >= 3, `view ${id} was refreshed three times`);
  const attempts = await db.query<{ source: string; outcome: string }>(
    "select source, outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id limit 3",
    [id],
  );
  expect(attempts).toEqual(['first', source, source].map((why) => ({ source: why, outcome: 'done' })));
});
