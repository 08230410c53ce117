import type { Engine } from '../harness/engine.js';
import { peerProgram } from '../harness/peers.js';
import { references } from '../harness/references.js';
import { ServedProcess } from '../harness/served-process.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Action } from './action.js';
import type { DrainContender } from './drain-contender.js';
import { loadInSteps } from './load-in-steps.js';

const program = peerProgram('graphile-worker.mjs');
const QUIET = { NO_LOG_SUCCESS: '1' };

export const graphileEngine: Engine = {
  name: 'graphile-worker',
  async prepare({ url, node, client }) {
    const process = await ServedProcess.start(node, program, { url });
    await process.call('migrate').finally(() => process.stop());
    await client.query(sqlFile('drain/effects.sql'));
  },
};

/** graphile-worker with the settings that were its best here, or with none. */
export function graphileWorker(action: Action, settings: 'best' | 'defaults', processes: number): DrainContender {
  const best = settings === 'best';
  const { graphileBest1, graphileBest2, graphileDefaults } = references;
  const reference = best ? (processes === 1 ? graphileBest1 : graphileBest2) : graphileDefaults;
  return {
    name: `graphile-worker, ${best ? 'best settings' : 'defaults'}, ${processes} process${processes > 1 ? 'es' : ''}`,
    settings: best
      ? 'concurrentJobs 1000, localQueue.size 5000, completeJobBatchDelay 0, maxPoolSize 10, NO_LOG_SUCCESS=1'
      : 'none',
    action,
    ...(action === 'no-op' ? { reference } : {}),
    count: 7 * (action === 'no-op' || !best ? reference.perSecond : 6_000),
    quickCount: best ? 5_000 : 300,
    engine: graphileEngine,
    load: ({ client }, count) => loadInSteps(client, sqlFile('drain/graphile-worker/load.sql'), count),
    start({ url, node }) {
      const one = () => ServedProcess.start(node, program, { url, best, action }, best ? QUIET : {});
      return Promise.all(Array.from({ length: processes }, one));
    },
    async go(_, started) {
      await Promise.all(started.map((process) => (process as ServedProcess).call('go')));
    },
    async handled(started) {
      const counts = await Promise.all(started.map((process) => (process as ServedProcess).call('handled')));
      return (counts as number[]).reduce((sum, count) => sum + count, 0);
    },
  };
}
