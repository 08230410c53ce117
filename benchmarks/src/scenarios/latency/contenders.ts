import type pg from 'pg';
import { startEngine } from '../../harness/engine-process.js';
import { peerProgram } from '../../harness/peers.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';
import { clockOffset } from './clock-offset.js';

/** The number of an event and when it started, in µs of the monotonic clock. */
export type Start = readonly [n: number, micros: number];

/** One of those whose latency is measured. */
export interface LatencyContender {
  readonly name: string;
  readonly settings: string;
  readonly database: 'pgrelay' | 'graphile';
  readonly channel: string;
  /** The statement that sends event $2 to the channel or task $1. */
  readonly send: string;
  start(url: string, node: string): Promise<ServedProcess>;
  /** What started since the last call of this. */
  starts(process: ServedProcess, client: pg.Client): Promise<readonly Start[]>;
}

const asked = async (process: ServedProcess) => (await process.call('starts')) as readonly Start[];

export const handlerContender: LatencyContender = {
  name: 'pgrelay, leased handler',
  settings: 'defaults',
  database: 'pgrelay',
  channel: 'latency.handler',
  send: sqlFile('latency/notify.sql'),
  start: (url, node) => startEngine({ url, handlers: new URL('handler.js', import.meta.url).href }, node),
  starts: asked,
};

export const sqlContender: LatencyContender = {
  name: 'pgrelay, SQL action',
  settings: 'defaults',
  database: 'pgrelay',
  channel: 'latency.sql',
  send: sqlFile('latency/notify.sql'),
  start: (url, node) => startEngine({ url }, node),
  async starts(_, client) {
    const offset = await clockOffset(client);
    const { rows } = await client.query<{ n: number; micros: number }>(sqlFile('latency/started.sql'));
    return rows.map(({ n, micros }) => [n, micros + offset] as const);
  },
};

export const graphileContender: LatencyContender = {
  name: 'graphile-worker, best settings',
  settings: 'concurrentJobs 1000, localQueue.size 5000, completeJobBatchDelay 0, maxPoolSize 10, NO_LOG_SUCCESS=1',
  database: 'graphile',
  channel: 'latency',
  send: sqlFile('latency/add-job.sql'),
  start: (url, node) =>
    ServedProcess.start(node, peerProgram('graphile-worker-latency.mjs'), { url }, { NO_LOG_SUCCESS: '1' }),
  starts: asked,
};
