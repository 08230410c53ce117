import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase();

test('pauses after failures are 3, 5, 10 s, then double up to ten minutes', async () => {
  const rows = await db.query<{ s: number }>(
    'select extract(epoch from pgauto_mv.retry_pause(n))::int as s from generate_series(1, 12) n order by n',
  );
  expect(rows.map((row) => row.s)).toEqual([3, 5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600]);
  expect(await db.query('select extract(epoch from pgauto_mv.retry_pause(2000000000))::int as s')).toEqual([
    { s: 600 },
  ]);
});
