import { startBinary } from '../../harness/engine-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { sqlFile } from '../../harness/sql-files.js';
import { lastId, untilDrained } from '../../harness/until-drained.js';
import type { Arm } from './arm.js';

export const WORKERS = 4;
const ENQUEUE_AT_ONCE = 10_000;
const TIMEOUT_MS = 300_000;

/** `npx pgrelay start --workers 4` and a SQL channel, with one batch at a time, which is the default, or several. */
export async function relayArm({ url, client }: RelayDatabase, node: string, parallel: boolean): Promise<Arm> {
  const channel = `contention.${parallel ? 'parallel' : 'default'}`;
  await client.query(sqlFile('contention/register.sql'), [channel, parallel]);
  return {
    name: `pgrelay, ${WORKERS} workers, ${parallel ? 'parallel batches' : 'defaults'}`,
    url,
    judged: true,
    events: { full: parallel ? 80_000 : 200_000, quick: 1_000 },
    async drain(events) {
      const since = await lastId(client);
      for (let left = events; left > 0; left -= ENQUEUE_AT_ONCE)
        await client.query(sqlFile('contention/enqueue.sql'), [channel, Math.min(left, ENQUEUE_AT_ONCE)]);
      const processor = await startBinary(url, client, { workers: WORKERS, node });
      return untilDrained(client, channel, since, events, TIMEOUT_MS).finally(() => processor.stop());
    },
  };
}
