import { serve } from '../../harness/serve.js';
import type { EnqueueLoad, EnqueueRun } from '../enqueue-load.js';
import { PreparedLoop } from './prepared-loop.js';

/** Sessions that run the same transaction again and again, for some seconds. */
const { url, clients, transaction, value } = JSON.parse(process.argv[2] ?? '') as EnqueueLoad;
const sessions = await Promise.all(Array.from({ length: clients }, () => PreparedLoop.open(url, transaction, value)));

async function run(seconds: number): Promise<EnqueueRun> {
  const began = performance.now();
  const counts = await Promise.all(sessions.map((session) => session.run(began + seconds * 1000)));
  const took = (performance.now() - began) / 1000;
  return { transactions: counts.reduce((sum, count) => sum + count, 0), seconds: took };
}

serve({
  run,
  stop: async () => {
    for (const session of sessions) await session.end();
  },
});
