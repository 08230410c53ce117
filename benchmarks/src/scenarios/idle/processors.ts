import { setTimeout as pause } from 'node:timers/promises';
import type { Bar } from '../../harness/bar.js';
import type { ContenderProcess } from '../../harness/contender-process.js';
import { startBinary, startEngine } from '../../harness/engine-process.js';
import { peerProgram } from '../../harness/peers.js';
import { cpuMs } from '../../harness/process-facts.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';
import { WireCounter } from '../../harness/wire-counter.js';

const WATCH_MS = { full: 60_000, quick: 3_000 } as const;
/** What a Processor does once after its start is over by then. */
const SETTLE_MS = { full: 10_000, quick: 2_000 } as const;
const STATEMENTS_PER_SECOND = 1;
const CPU_PERCENT = 0.5;
const HEARTBEAT = 'pgrelay heartbeat';
const GRAPHILE_SETTINGS = {
  concurrentJobs: 1000,
  localQueue: { size: 5000 },
  completeJobBatchDelay: 0,
  maxPoolSize: 10,
};

export interface IdleProcessor {
  readonly name: string;
  readonly seconds: number;
  /** Statements a second, by the application_name of the connection. */
  readonly statements: Readonly<Record<string, number>>;
  /** The same, all connections but the heartbeat's. */
  readonly statementsPerSecond: number;
  /** Of one CPU: the process with its threads, and the backends of its connections. */
  readonly cpuPercent: number;
  readonly backendsCpuPercent: number;
}

/** The engine alone, what `npx pgrelay start` runs, and beside them graphile-worker, each with nothing to do. */
export async function measureIdleProcessors(
  database: RelayDatabase,
  empty: RelayDatabase,
  node: string,
  quick: boolean,
  say: (text: string) => void,
) {
  const idle: IdleProcessor[] = [];
  const starts: readonly [string, RelayDatabase, (url: string) => Promise<ContenderProcess>][] = [
    ['engine alone', database, (url) => startEngine({ url }, node)],
    ['pgrelay start', database, (url) => startBinary(url, database.client, { node })],
    ['graphile-worker, best settings', empty, (url) => startGraphile(url, node)],
  ];
  for (const [name, where, start] of starts) {
    const result = await watch(where, name, start, quick);
    say(`${name}: ${result.statementsPerSecond.toFixed(2)} statements/s ${JSON.stringify(result.statements)}`);
    idle.push(result);
  }
  const bars = idle.flatMap<Bar>(({ name, statementsPerSecond, cpuPercent, backendsCpuPercent }) => {
    const bounds =
      name === 'engine alone' ? { statements: { most: STATEMENTS_PER_SECOND }, cpu: { most: CPU_PERCENT } } : undefined;
    return [
      { name: `${name}, statements a second beside the heartbeat`, value: statementsPerSecond, ...bounds?.statements },
      { name: `${name}, CPU of process and sessions, %`, value: cpuPercent + backendsCpuPercent, ...bounds?.cpu },
    ];
  });
  return { idle, bars };
}

async function startGraphile(url: string, node: string): Promise<ContenderProcess> {
  const program = peerProgram('graphile-worker-drain.mjs');
  const worker = await ServedProcess.start(node, program, { url, settings: GRAPHILE_SETTINGS });
  await worker.call('migrate');
  await worker.call('go');
  return worker;
}

async function watch(
  { url, client }: RelayDatabase,
  name: string,
  start: (url: string) => Promise<ContenderProcess>,
  quick: boolean,
): Promise<IdleProcessor> {
  const counter = await WireCounter.before(url);
  try {
    const processor = await start(counter.url);
    try {
      await pause(quick ? SETTLE_MS.quick : SETTLE_MS.full);
      const { rows } = await client.query<{ pid: number }>(sqlFile('idle/backends.sql'));
      const backends = rows.map(({ pid }) => pid);
      counter.taken();
      const [began, mine, theirs] = [performance.now(), usedBy([processor.pid]), usedBy(backends)];
      await pause(quick ? WATCH_MS.quick : WATCH_MS.full);
      const ms = performance.now() - began;
      const counts = counter.taken();
      const rates = [...counts].sort().map(([connection, count]) => [connection, (count * 1_000) / ms] as const);
      return {
        name,
        seconds: Math.round(ms / 1_000),
        statements: Object.fromEntries(rates.map(([connection, rate]) => [connection, Math.round(rate * 100) / 100])),
        statementsPerSecond: rates
          .filter(([connection]) => connection !== HEARTBEAT)
          .reduce((sum, [, rate]) => sum + rate, 0),
        cpuPercent: (since(mine) / ms) * 100,
        backendsCpuPercent: (since(theirs) / ms) * 100,
      };
    } finally {
      await processor.stop();
    }
  } finally {
    await counter.close();
  }
}

/** CPU time of each process so far, in ms; a pool may have closed a connection meanwhile, whose backend is left out. */
function usedBy(pids: Iterable<number>): ReadonlyMap<number, number> {
  const used = new Map<number, number>();
  for (const pid of pids) {
    try {
      used.set(pid, cpuMs(pid).own);
    } catch {
      // It has ended.
    }
  }
  return used;
}

/** CPU time that the processes have used since, in ms. */
function since(before: ReadonlyMap<number, number>): number {
  return [...usedBy(before.keys())].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
}
