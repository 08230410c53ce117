// Runs in a worker thread, on a connection of its own, so that neither a busy pool nor a blocked event loop loses the
// lease. Gives up when the main thread has not answered for a minute: a Processor that does nothing must not keep events.
// Being the one connection that is never busy, it also asks the server about the others.
import { parentPort, workerData } from 'node:worker_threads';
import { RelayError } from '@pgrelay/relay-sql';
import { Connection } from '../db/connection.js';
import { type Backend, type Fence, gateway } from '../db/gateway.js';
import { OpenConnections } from '../db/open-connections.js';

export interface HeartbeatSetup {
  readonly connectionString: string;
  readonly leaseMs: number;
  readonly blockedLimitMs: number;
}

/** What the main thread sends. Each message also says that its event loop turns. */
export interface HeartbeatOrder {
  readonly fence?: Fence;
  /** Backends that the Processor has been waiting for. */
  readonly waitingFor?: readonly Backend[];
  /** A check to send as a hint. */
  readonly check?: string;
  readonly stop?: true;
}

export type HeartbeatReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'fenced'; readonly fence: Fence }
  | { readonly kind: 'blocked'; readonly ms: number }
  | { readonly kind: 'idle'; readonly backends: readonly Backend[] };

const { connectionString, leaseMs, blockedLimitMs } = workerData as HeartbeatSetup;
const beatEveryMs = leaseMs / 4;
let fence: Fence | undefined;
let heardAt = performance.now();
let reported = false;

// A beat without an answer at the second look after it, and the connection is given up: what is left of the lease is for a
// new one.
const connections = new OpenConnections(beatEveryMs, beatEveryMs / 2);
const connection = new Connection({ connectionString, leaseMs, connections }, 'pgrelay heartbeat', async (client) => {
  if (fence !== undefined && !connections.pooled) await gateway.enterBackend(client, fence, 'heartbeat');
});

parentPort?.on('message', (order: HeartbeatOrder) => {
  heardAt = performance.now();
  if (order.stop === true) {
    clearInterval(timer);
    void connection.close().finally(() => parentPort?.close());
  } else if (order.fence !== undefined) {
    fence = order.fence;
    void enter(order.fence).then(beat);
  }
  if (order.check !== undefined) void gateway.checkHint(connection, order.check).catch(() => undefined);
  if (order.waitingFor !== undefined) void ask(order.waitingFor).catch(() => undefined);
  if (reported) {
    reported = false;
    void beat();
  }
});

const tell = (report: HeartbeatReport) => parentPort?.postMessage(report);

/** Records the open connection as the Processor's; a later one is recorded when it opens. */
async function enter(mine: Fence): Promise<void> {
  await connection.query('select').catch(() => undefined);
  if (!connections.pooled) await gateway.enterBackend(connection, mine, 'heartbeat').catch(() => undefined);
}

/** Asks the server whether it works on what the Processor waits for. */
async function ask(backends: readonly Backend[]): Promise<void> {
  const working = new Set(await gateway.workingBackends(connection, backends));
  const idle = backends.filter(({ pid }) => !working.has(pid));
  if (idle.length > 0) tell({ kind: 'idle', backends: idle });
}

let beating = false;
/** Whether a beat that lost its connection is sent again at once; once between two looks, or a server that is down is stormed. */
let mayTryAgain = true;
async function beat(): Promise<void> {
  const blockedFor = performance.now() - heardAt;
  const blocked = blockedFor > leaseMs;
  if (blocked && !reported) {
    reported = true;
    tell({ kind: 'blocked', ms: Math.round(blockedFor) });
  }
  if (fence === undefined || beating || blockedFor > blockedLimitMs) return;
  beating = true;
  const mine = fence;
  try {
    if (await gateway.heartbeat(connection, mine, blocked ? blockedFor : null)) tell({ kind: 'beat' });
    else lost(mine);
  } catch (error) {
    // A new connection could not enter the slot: fenced. Anything else: the server is away, and the next beat opens a new
    // connection; if that takes too long the lease ends, as it should.
    if (error instanceof RelayError && error.code === 'RELAY_FENCED') lost(mine);
    else if (mayTryAgain) {
      mayTryAgain = false;
      setImmediate(() => void beat());
    }
  } finally {
    beating = false;
  }
}

function lost(mine: Fence): void {
  if (fence !== mine) return;
  fence = undefined;
  tell({ kind: 'fenced', fence: mine });
}

const timer = setInterval(() => {
  connections.look();
  mayTryAgain = true;
  void beat();
}, beatEveryMs);

// The connection is open before the Processor takes its slot, so that the first beat is not late.
await connection.query('select').catch(() => undefined);
tell({ kind: 'ready' });
