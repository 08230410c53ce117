import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase();

const problems = () =>
  db.query<{ object: string; evidence: string; remedy: string }>(
    "select object, evidence, remedy from pgauto_mv.get_mv_problems() where code = 'change_log_bloated'",
  );

test('removed changes that take room, because a snapshot is held, are a problem until a vacuum could remove them', async () => {
  const [owner, holder] = [await db.connect(), await db.connect()];
  await owner.query('set role pgrelay_owner');
  await owner.query('insert into pgauto_mv.change (watch_id) select 1 from generate_series(1, 201000)');
  expect(await problems()).toEqual([]);
  await holder.query('begin isolation level repeatable read');
  await holder.query('select pg_current_snapshot()');
  await owner.query('delete from pgauto_mv.change');
  await owner.query('vacuum pgauto_mv.change');
  const [problem] = await until(async () => {
    const found = await problems();
    return found.length > 0 && found;
  }, 'the statistics have the removed rows');
  expect(problem?.object).toBe('pgauto_mv.change');
  expect(problem?.evidence).toMatch(
    /^201000 rows that were removed take room beside 0 that are there; table and index have \d+ \w+$/,
  );
  expect(problem?.remedy).toContain('pg_prepared_xacts');
  await holder.query('commit');
  // A snapshot of another database's session, an autovacuum, may hold them a moment longer.
  await until(async () => {
    await owner.query('vacuum pgauto_mv.change');
    return (await problems()).length === 0;
  }, 'the room is free again');
});
