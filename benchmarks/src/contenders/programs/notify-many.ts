import { createClient } from '@pgrelay/relay-core';
import { serve } from '../../harness/serve.js';
import type { EnqueueRun } from '../enqueue-load.js';

/** Calls notifyMany() again and again, for some seconds. */
const { url, bulk } = JSON.parse(process.argv[2] ?? '') as { url: string; bulk: number };
const client = createClient({ connectionString: url });
const events = Array.from({ length: bulk }, (_, n) => ({ payload: n }));

async function run(seconds: number): Promise<EnqueueRun> {
  const began = performance.now();
  let transactions = 0;
  while (performance.now() < began + seconds * 1000) {
    await client.notifyMany('bench', events);
    transactions += 1;
  }
  return { transactions, seconds: (performance.now() - began) / 1000 };
}

serve({ run, stop: () => client.close() });
