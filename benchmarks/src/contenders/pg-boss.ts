import type { Engine } from '../harness/engine.js';
import { peerProgram } from '../harness/peers.js';
import { references } from '../harness/references.js';
import { ServedProcess } from '../harness/served-process.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Action } from './action.js';
import type { DrainContender } from './drain-contender.js';

const program = peerProgram('pg-boss.mjs');

export const pgBossEngine: Engine = {
  name: 'pg-boss',
  async prepare({ url, node, client }) {
    const process = await ServedProcess.start(node, program, { url });
    await process.call('migrate').finally(() => process.stop());
    await client.query(sqlFile('drain/effects.sql'));
  },
};

/** pg-boss with the settings that were its best here, or with none. One process. */
export function pgBoss(action: Action, settings: 'best' | 'defaults'): DrainContender {
  const best = settings === 'best';
  const reference = best ? references.pgBossBest : references.pgBossDefaults;
  return {
    name: `pg-boss, ${best ? 'best settings' : 'defaults'}, 1 process`,
    settings: best ? 'batchSize 2000, localConcurrency 4, burstWhenBatchFull' : 'none',
    action,
    ...(action === 'no-op' ? { reference } : {}),
    count: best ? 7 * reference.perSecond : 4,
    quickCount: best ? 4_000 : 2,
    engine: pgBossEngine,
    async load({ url, node }, count) {
      const process = await ServedProcess.start(node, program, { url });
      await process.call('load', count).finally(() => process.stop());
    },
    start: async ({ url, node }) => [await ServedProcess.start(node, program, { url, best, action })],
    async go(_, [process]) {
      await (process as ServedProcess).call('go');
    },
    handled: async ([process]) => (await (process as ServedProcess).call('handled')) as number,
  };
}
