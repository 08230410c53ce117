import { graphileWorker } from '../contenders/graphile-worker.js';
import { pgBoss } from '../contenders/pg-boss.js';
import { pgrelaySql } from '../contenders/pgrelay-sql.js';
import { rawSql } from '../contenders/raw-sql.js';
import type { Scenario } from '../harness/scenario.js';
import { DrainBench } from './drain/drain-bench.js';
import { judgeDrains } from './drain/judge-drains.js';

/** A full queue of a SQL channel, emptied with our defaults, beside the peers at their best and the server alone. */
export const drainSql: Scenario = {
  name: 'drain-sql',
  title: 'How fast a full queue with a SQL action is drained',

  async run(context) {
    const ours1 = pgrelaySql('no-op', 1);
    const ours2 = pgrelaySql('no-op', 2);
    const graphile1 = graphileWorker('no-op', 'best', 1);
    const graphile2 = graphileWorker('no-op', 'best', 2);
    const row1 = pgrelaySql('one-row', 1);
    const row2 = pgrelaySql('one-row', 2);
    const graphileRow1 = graphileWorker('one-row', 'best', 1);
    const graphileRow2 = graphileWorker('one-row', 'best', 2);
    const raw1 = rawSql(1);
    const contenders = [
      ...[ours1, graphile1, raw1, ours2, graphile2, rawSql(2)],
      ...[pgBoss('no-op', 'best'), graphileWorker('no-op', 'defaults', 1), pgBoss('no-op', 'defaults')],
      ...[row1, graphileRow1, row2, graphileRow2],
    ];
    const results = await DrainBench.run(contenders, context);
    const rate = { of: 'rate', least: 2 } as const;
    const comparisons = [
      { name: '1 process / graphile-worker best, 1', ours: ours1, theirs: graphile1, ...rate, goal: 2.5 },
      { name: '2 processes, parallel / graphile-worker best, 2', ours: ours2, theirs: graphile2, ...rate },
      { name: '1 process, one row / graphile-worker best, 1', ours: row1, theirs: graphileRow1, ...rate, goal: 2.5 },
      { name: '2 processes, one row / graphile-worker best, 2', ours: row2, theirs: graphileRow2, ...rate },
      { name: '1 process / SQL alone, 1 connection', ours: ours1, theirs: raw1, of: 'rate', least: 0.6 },
      { name: 'peak memory / graphile-worker best, 1', ours: ours1, theirs: graphile1, of: 'memory', most: 1 },
    ] as const;
    return judgeDrains(results, comparisons, raw1, context);
  },
};
