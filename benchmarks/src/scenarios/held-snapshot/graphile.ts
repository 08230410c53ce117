import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { HeldSnapshot } from '../../harness/held-snapshot.js';
import { peerProgram } from '../../harness/peers.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';

const LOOK_MS = 100;
const PATIENCE_MS = 300_000;
const program = peerProgram('graphile-worker-drain.mjs');

/** graphile-worker, from jobs taken one by one to its best settings. */
const SETTINGS = [
  {
    name: 'graphile-worker, one job a claim',
    settings: { concurrentJobs: 10, maxPoolSize: 10 },
    jobs: { full: 20_000, quick: 200 },
  },
  {
    name: 'graphile-worker, localQueue 100',
    settings: { concurrentJobs: 50, maxPoolSize: 10, localQueue: { size: 100 }, completeJobBatchDelay: 0 },
    jobs: { full: 100_000, quick: 1_000 },
  },
  {
    name: 'graphile-worker, best settings (localQueue 5000)',
    settings: { concurrentJobs: 1000, maxPoolSize: 10, localQueue: { size: 5000 }, completeJobBatchDelay: 0 },
    jobs: { full: 200_000, quick: 2_000 },
  },
] as const;

export interface PeerPair {
  readonly name: string;
  readonly jobs: number;
  /** Jobs a second without and with the held snapshot. */
  readonly free: number;
  readonly held: number;
}

/** What a held snapshot does to the peer: one pair of drains for each of its settings. */
export async function measureGraphile(
  url: string,
  client: pg.Client,
  node: string,
  quick: boolean,
  say: (text: string) => void,
): Promise<PeerPair[]> {
  const setup = await ServedProcess.start(node, program, { url, settings: {} });
  await setup.call('migrate').finally(() => setup.stop());
  const pairs: PeerPair[] = [];
  for (const { name, settings, jobs } of SETTINGS) {
    const count = quick ? jobs.quick : jobs.full;
    const free = await drain(url, client, node, settings, count);
    const snapshot = await HeldSnapshot.take(url);
    const held = await drain(url, client, node, settings, count).finally(() => snapshot.release());
    say(`${name}: ${Math.round(free)} jobs/s, ${Math.round(held)} with a held snapshot`);
    pairs.push({ name, jobs: count, free, held });
  }
  return pairs;
}

/** Jobs a second. */
async function drain(url: string, client: pg.Client, node: string, settings: object, jobs: number): Promise<number> {
  await client.query(sqlFile('held-snapshot/graphile-load.sql'), [jobs]);
  await client.query(sqlFile('held-snapshot/graphile-settle.sql'));
  const worker = await ServedProcess.start(node, program, { url, settings }, { NO_LOG_SUCCESS: '1' });
  try {
    await worker.call('go');
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const seen = (await worker.call('seen')) as { handled: number; began: number; ended: number };
      if (seen.handled === jobs) return ((jobs - 1) * 1_000) / (seen.ended - seen.began);
      if (performance.now() > end) throw new Error(`graphile-worker handled ${seen.handled} of ${jobs} jobs`);
      await pause(LOOK_MS);
    }
  } finally {
    await worker.stop();
  }
}
