import { setTimeout as pause } from 'node:timers/promises';
import { peerProgram } from '../../harness/peers.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { Arm } from './arm.js';

const LOOK_MS = 50;
const TIMEOUT_MS = 300_000;
const CONCURRENCY = 4;
const settings = { concurrentJobs: CONCURRENCY, maxPoolSize: 10, localQueue: { size: 5000 }, completeJobBatchDelay: 0 };

/** graphile-worker with as many jobs at once as the Processor has workers; each job is a statement of its own. */
export async function graphileArm({ url, client }: RelayDatabase, node: string): Promise<Arm> {
  const start = () =>
    ServedProcess.start(node, peerProgram('graphile-worker-drain.mjs'), { url, settings }, { NO_LOG_SUCCESS: '1' });
  const setup = await start();
  await setup.call('migrate').finally(() => setup.stop());
  const clock = async () => (await client.query<{ ms: number }>(sqlFile('contention/clock.sql'))).rows[0]?.ms ?? 0;
  return {
    name: `graphile-worker, ${CONCURRENCY} jobs at once`,
    url,
    judged: false,
    events: { full: 10_000, quick: 500 },
    async drain(events) {
      await client.query(sqlFile('contention/graphile-load.sql'), [events]);
      const worker = await start();
      try {
        const began = await clock();
        await worker.call('go');
        for (const end = performance.now() + TIMEOUT_MS; ; await pause(LOOK_MS)) {
          const { rows } = await client.query<{ left: number; failed: number }>(
            sqlFile('contention/graphile-left.sql'),
          );
          const { left, failed } = rows[0] ?? { left: Number.NaN, failed: Number.NaN };
          if (left === failed) return { done: events - failed, retried: 0, failed, began, ended: await clock() };
          if (performance.now() > end) throw new Error(`${left} of ${events} jobs are left after ${TIMEOUT_MS} ms`);
        }
      } finally {
        await worker.stop();
      }
    },
  };
}
