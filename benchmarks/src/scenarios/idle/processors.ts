import { setTimeout as pause } from 'node:timers/promises';
import type { Bar } from '../../harness/bar.js';
import type { ContenderProcess } from '../../harness/contender-process.js';
import { startBinary, startEngine } from '../../harness/engine-process.js';
import { cpuMs } from '../../harness/process-facts.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { sqlFile } from '../../harness/sql-files.js';
import { WireCounter } from '../../harness/wire-counter.js';

const WATCH_MS = { full: 60_000, quick: 3_000 } as const;
/** What a Processor does once after its start is over by then. */
const SETTLE_MS = { full: 10_000, quick: 2_000 } as const;
const STATEMENTS_PER_SECOND = 1;
const CPU_PERCENT = 0.5;
const HEARTBEAT = 'pgrelay heartbeat';

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

/** A Processor that has nothing to do: the engine alone, and what `npx pgrelay start` runs. */
export async function measureIdleProcessors(database: RelayDatabase, quick: boolean, say: (text: string) => void) {
  const idle: IdleProcessor[] = [];
  const starts = {
    'engine alone': (url: string) => startEngine({ url }),
    'pgrelay start': (url: string) => startBinary(url, database.client),
  };
  for (const [name, start] of Object.entries(starts)) {
    const result = await watch(database, name, start, quick);
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
      const [began, mine, theirs] = [performance.now(), used([processor.pid]), used(backends)];
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
        cpuPercent: ((used([processor.pid]) - mine) / ms) * 100,
        backendsCpuPercent: ((used(backends) - theirs) / ms) * 100,
      };
    } finally {
      await processor.stop();
    }
  } finally {
    await counter.close();
  }
}

const used = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuMs(pid).own, 0);
