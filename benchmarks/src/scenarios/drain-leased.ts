import { graphileWorker } from '../contenders/graphile-worker.js';
import { pgrelayHandler } from '../contenders/pgrelay-handler.js';
import { rawSql } from '../contenders/raw-sql.js';
import type { Scenario } from '../harness/scenario.js';
import { DrainBench } from './drain/drain-bench.js';
import { judgeDrains } from './drain/judge-drains.js';

/** A full queue of a TypeScript handler, emptied with our defaults, beside graphile-worker at its best. */
export const drainLeased: Scenario = {
  name: 'drain-leased',
  title: 'How fast a full queue with a TypeScript handler is drained',

  async run(context) {
    const ours = pgrelayHandler('no-op', 'leased', 500_000);
    const row = pgrelayHandler('one-row', 'leased', 60_000);
    const inTransaction = pgrelayHandler('no-op', 'transactional', 20_000);
    const rowInTransaction = pgrelayHandler('one-row', 'transactional', 15_000);
    const graphile = graphileWorker('no-op', 'best', 1);
    const graphileRow = graphileWorker('one-row', 'best', 1);
    const raw1 = rawSql(1);
    const results = await DrainBench.run(
      [ours, graphile, row, graphileRow, inTransaction, rowInTransaction, raw1],
      context,
    );
    const bar = { of: 'rate', least: 1, goal: 1.5 } as const;
    const comparisons = [
      { name: 'leased / graphile-worker best', ours, theirs: graphile, ...bar },
      { name: 'leased, one row / graphile-worker best', ours: row, theirs: graphileRow, ...bar },
      { name: 'ctx.tx / graphile-worker best', ours: inTransaction, theirs: graphile, of: 'rate' },
      { name: 'ctx.tx, one row / graphile-worker best', ours: rowInTransaction, theirs: graphileRow, of: 'rate' },
      { name: 'peak memory / graphile-worker best', ours, theirs: graphile, of: 'memory', most: 1 },
    ] as const;
    return judgeDrains(results, comparisons, raw1, context);
  },
};
