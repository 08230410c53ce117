import { makeWorkerUtils } from 'graphile-worker';
import { serve } from '../dist/harness/serve.js';

/** Calls addJobs() again and again, for some seconds. */
const { url: connectionString, bulk } = JSON.parse(process.argv[2] ?? '');
const utils = await makeWorkerUtils({ preset: { worker: { connectionString } } });
const jobs = Array.from({ length: bulk }, (_, n) => ({ identifier: 'bench', payload: n }));

serve({
  run: async (seconds) => {
    const began = performance.now();
    let transactions = 0;
    while (performance.now() < began + seconds * 1000) {
      await utils.addJobs(jobs);
      transactions += 1;
    }
    return { transactions, seconds: (performance.now() - began) / 1000 };
  },
  stop: () => utils.release(),
});
