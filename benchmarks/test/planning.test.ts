import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { runFolder, sqlFile } from '../src/harness/sql-files.js';
import { judgePlanning } from '../src/scenarios/planning/judge-planning.js';
import { PlannerTicks } from '../src/scenarios/planning/planner-ticks.js';
import { mismatches, type PlanningFigures, type Registry } from '../src/scenarios/planning/run-planning.js';

const registry: Registry = {
  name: 'a few',
  sources: 4,
  dirtyViews: 6,
  quietSources: 3,
  quietViews: 2,
  unserved: 100,
};

describe('the planning benchmark on a database', () => {
  const db = useDatabase();

  test('views read three neighbours each, writers write the first tables, and a tick is one run of the planner', async () => {
    const client = await db.connect();
    await runFolder(client, 'planning/setup');
    await client.query('select bench.make_sources(1, 7)');
    await client.query('select bench.make_views(1, 6, 1, 4)');
    await client.query('select bench.make_views(7, 2, 5, 3)');
    for (let n = 0; n < 25; n += 1) await client.query(sqlFile('planning/write-all.sql'), ['4']);
    await client.query(sqlFile('planning/write-one.sql'), ['4']);
    const reads = await client.query(
      'select count(*)::int as n from pgauto_mv.watches w where w.operation = $1 group by w.mv_id',
      ['INSERT'],
    );
    expect(reads.rows).toEqual(Array.from({ length: 8 }, () => ({ n: 3 })));
    const before = await client.query(sqlFile('planning/unserved.sql'));
    // Nothing was refreshed yet, so every view is dirty and none was asked for.
    expect(before.rows).toEqual([{ changes: 101, sources: 4, dirty: 8, views: 8, requested: 0 }]);
    const planned = async () => {
      const { rows } = await client.query<{ n: string | null }>(
        "select pg_sequence_last_value('pgauto_mv.planner_beat') as n",
      );
      return Number(rows[0]?.n ?? 0);
    };
    expect(await planned()).toBe(0);
    await client.query("select pgrelay.declare_handlers_v1(array['pgauto_mv.refresh'], array['leased'], true)");
    const ticks = await PlannerTicks.open(db.url, client);
    expect(ticks.clock).toBe('client'); // a server for tests does not count statements
    expect(await ticks.tick()).toBeGreaterThan(0);
    await ticks.close();
    expect(await planned()).toBeGreaterThan(0);
    const after = await client.query(sqlFile('planning/unserved.sql'));
    expect(after.rows[0]).toMatchObject({ requested: 8 });
  });
});

test('what is not as the measurement supposes is said', () => {
  const state = { changes: 100, sources: 4, views: 8, dirty: 6, requested: 0 };
  expect(mismatches(registry, state)).toEqual([]);
  expect(mismatches(registry, { changes: 99, sources: 3, views: 7, dirty: 5, requested: 1 })).toEqual([
    'a few: 99 change rows wait, and should be at least 100',
    'a few: changes of 3 tables wait, not of 4',
    'a few: 7 views are registered',
    'a few: 5 views are dirty, and should be 6',
    'a few: 1 refreshes were asked for, so not all was left unserved',
  ]);
});

describe('the bar of the planner', () => {
  const figures = (change: Partial<PlanningFigures>): PlanningFigures => ({
    registry,
    clock: 'pg_stat_statements',
    busy: [
      [40, 60],
      [20, 20],
      [90, 90],
    ],
    alone: [5],
    writesPerSecond: [1_000],
    after: { changes: 200, sources: 4, views: 8, dirty: 6, requested: 0 },
    wrong: [],
    ...change,
  });

  test('is the median of the means of the rounds', () => {
    const { passed, lines } = judgePlanning([figures({})], { quick: false });
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('| a few: mean server time of a tick, ms | 50.0 |');
    expect(judgePlanning([figures({ busy: [[51]] })], { quick: false }).passed).toBe(false);
    expect(judgePlanning([figures({ busy: [[51]] })], { quick: true }).passed).toBe(true);
  });

  test('is worth nothing when the state was another than said, and the clock is named', () => {
    const { passed, lines } = judgePlanning([figures({ wrong: ['a few: 5 views are dirty'], clock: 'client' })], {
      quick: true,
    });
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain('**LEDGER**: a few: 5 views are dirty');
    expect(lines.join('\n')).toContain('pg_stat_statements is not loaded on this server');
  });
});
