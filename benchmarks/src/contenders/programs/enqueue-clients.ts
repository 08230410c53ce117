import { connect } from '../../harness/connect.js';
import { serve } from '../../harness/serve.js';
import type { EnqueueLoad, EnqueueRun } from '../enqueue-load.js';

/** Sessions that run the same transaction again and again, for some seconds. */
const { url, clients, transaction, value } = JSON.parse(process.argv[2] ?? '') as EnqueueLoad;
const sessions = await Promise.all(Array.from({ length: clients }, () => connect(url, 'enqueue client')));

async function work(session: (typeof sessions)[number], until: number): Promise<number> {
  for (let n = 0; ; n += 1) {
    if (performance.now() >= until) return n;
    for (const [index, text] of transaction.entries()) {
      await session.query({ name: `s${index}`, text, values: text.includes('$1') ? [value] : [] });
    }
  }
}

async function run(seconds: number): Promise<EnqueueRun> {
  const began = performance.now();
  const counts = await Promise.all(sessions.map((session) => work(session, began + seconds * 1000)));
  const took = (performance.now() - began) / 1000;
  return { transactions: counts.reduce((sum, count) => sum + count, 0), seconds: took };
}

serve({
  run,
  stop: async () => {
    for (const session of sessions) await session.end();
  },
});
