// Runs in a worker thread, on a connection of its own, so that neither a busy pool nor a blocked event loop loses the
// lease. Gives up when the main thread has not answered for a minute: a Processor that does nothing must not keep events.
import { parentPort, workerData } from 'node:worker_threads';
import { RelayError } from '@pgrelay/relay-sql';
import { Connection, openConnection } from '../db/connection.js';
import { type Fence, gateway } from '../db/gateway.js';

export interface HeartbeatSetup {
  readonly connectionString: string;
  readonly leaseMs: number;
  readonly blockedLimitMs: number;
}

export type HeartbeatReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'fenced'; readonly fence: Fence }
  | { readonly kind: 'blocked'; readonly ms: number };

const { connectionString, leaseMs, blockedLimitMs } = workerData as HeartbeatSetup;
let fence: Fence | undefined;
let heardAt = performance.now();
let reported = false;

const connection = new Connection(
  () => openConnection(connectionString, 'pgrelay heartbeat', leaseMs),
  async (client) => {
    if (fence !== undefined) await gateway.enterBackend(client, fence, 'heartbeat');
  },
);

parentPort?.on('message', (message: { readonly fence?: Fence; readonly stop?: true }) => {
  heardAt = performance.now();
  reported = false;
  if (message.stop === true) {
    clearInterval(timer);
    void connection.close().finally(() => parentPort?.close());
  } else if (message.fence !== undefined) {
    fence = message.fence;
    void enter(message.fence).then(beat);
  }
});

/** Records the open connection as the Processor's; a later one is recorded when it opens. */
async function enter(mine: Fence): Promise<void> {
  await gateway.enterBackend(connection, mine, 'heartbeat').catch(() => undefined);
}

let beating = false;
async function beat(): Promise<void> {
  const blockedFor = performance.now() - heardAt;
  if (blockedFor > leaseMs && !reported) {
    reported = true;
    parentPort?.postMessage({ kind: 'blocked', ms: Math.round(blockedFor) } satisfies HeartbeatReport);
  }
  if (fence === undefined || beating || blockedFor > blockedLimitMs) return;
  beating = true;
  const mine = fence;
  try {
    if (!(await gateway.heartbeat(connection, mine))) lost(mine);
  } catch (error) {
    // A new connection could not enter the slot: fenced. Anything else: the server is away, and the next beat opens a new
    // connection; if that takes too long the lease ends, as it should.
    if (error instanceof RelayError && error.code === 'RELAY_FENCED') lost(mine);
  } finally {
    beating = false;
  }
}

function lost(mine: Fence): void {
  if (fence !== mine) return;
  fence = undefined;
  parentPort?.postMessage({ kind: 'fenced', fence: mine } satisfies HeartbeatReport);
}

const timer = setInterval(() => void beat(), leaseMs / 4);

// The connection is open before the Processor takes its slot, so that the first beat is not late.
await connection.query('select').catch(() => undefined);
parentPort?.postMessage({ kind: 'ready' } satisfies HeartbeatReport);
