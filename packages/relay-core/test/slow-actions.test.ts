import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();

test('actions whose sum is over the statement timeout cost one timeout, not one a batch, and all are done', async () => {
  await db.query('create sequence begun; grant usage on sequence begun to pgrelay');
  await db.query(
    `select pgrelay.register_channel('sl.sum', 'select pg_sleep(0.1) from nextval(''begun'')', p_statement_timeout => '1 s')`,
  );
  const more = "select pgrelay.notify('sl.sum') from generate_series(1, 40)";
  await db.query(more);
  await running(db);
  await untilIdle(db, 'sl.sum');
  const began = async () => Number((await db.query<{ n: string }>('select last_value as n from begun'))[0]?.n);
  const first = await began();
  await db.query(more);
  await untilIdle(db, 'sl.sum');
  expect((await began()) - first).toBe(40);
  expect((await outcomes(db, 'sl.sum')).filter((row) => row.outcome === 'done')).toHaveLength(80);
});

test('a Processor that drains ends after the event that runs, not after all that would run singly', async () => {
  await db.query(`select pgrelay.register_channel('sl.drain', 'select pg_sleep(0.2)', p_statement_timeout => '1 s')`);
  await db.query("select pgrelay.notify('sl.drain') from generate_series(1, 30)");
  const { processor } = await running(db);
  await until(async () => (await outcomes(db, 'sl.drain')).length > 0, 'the first event is done');
  await processor.stop();
  expect((await outcomes(db, 'sl.drain')).length).toBeLessThan(10);
});
