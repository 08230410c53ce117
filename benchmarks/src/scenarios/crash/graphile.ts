import { setTimeout as pause } from 'node:timers/promises';
import { peerProgram } from '../../harness/peers.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';
import { IN_FLIGHT } from './handler-options.js';

const LOOK_MS = 50;
const PATIENCE_MS = 60_000;
const settings = { concurrentJobs: IN_FLIGHT, maxPoolSize: 10, localQueue: { size: 5000 }, completeJobBatchDelay: 0 };

/** How many jobs of a killed graphile-worker nobody can take so many ms after the kill, another worker running. */
export async function heldByKilledGraphile(
  { url, client }: RelayDatabase,
  node: string,
  afterMs: number,
): Promise<number> {
  const start = () => ServedProcess.start(node, peerProgram('graphile-worker-drain.mjs'), { url, settings });
  const held = async () =>
    (await client.query<{ held: number }>(sqlFile('crash/graphile-held.sql'))).rows[0]?.held ?? Number.NaN;
  const [victim, other] = [await start(), await start()];
  try {
    await victim.call('migrate');
    await client.query(sqlFile('crash/graphile-load.sql'), [IN_FLIGHT]);
    await victim.call('go');
    for (const end = performance.now() + PATIENCE_MS; (await held()) < IN_FLIGHT; await pause(LOOK_MS))
      if (performance.now() > end) throw new Error(`graphile-worker took ${await held()} of ${IN_FLIGHT} jobs`);
    await other.call('go');
    await victim.kill();
    await pause(afterMs);
    return await held();
  } finally {
    await victim.kill();
    await other.kill();
  }
}
