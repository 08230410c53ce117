import { setTimeout as pause } from 'node:timers/promises';
import type { DrainContender } from '../../contenders/drain-contender.js';
import type { ContenderProcess } from '../../harness/contender-process.js';
import type { Arena } from '../../harness/engine.js';
import type { Ledger } from '../../harness/ledger.js';
import { cpuMs, peakMiB } from '../../harness/process-facts.js';
import { ServerCpuMeter } from '../../harness/server-cpu.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { DrainFigures } from './drain-figures.js';

const LOOK_MS = 20;
const LIMIT_MS = 5 * 60_000;

/**
 * Fills the queue, starts the contender, and measures from the permission to run until nothing waits or runs any more. What
 * filling left to do (vacuum, statistics, a checkpoint) is done before; then the ledger is counted.
 */
export async function runDrain(contender: DrainContender, arena: Arena, events: number): Promise<DrainFigures> {
  const { client } = arena;
  await contender.load(arena, events);
  await client.query(sqlFile(`drain/${contender.engine.name}/settle.sql`));
  await client.query(sqlFile('database/settle.sql'));
  const processes = await contender.start(arena);
  try {
    const meter = await ServerCpuMeter.on(client);
    const before = { server: meter?.read(), process: totalMs(processes), at: performance.now() };
    await contender.go(arena, processes, events);
    await untilDrained(contender, arena, processes);
    const at = performance.now();
    const after = { server: meter?.read(), process: totalMs(processes) };
    const peaks = processes.map(({ pid }) => peakMiB(pid));
    const handled = await contender.handled(processes);
    for (const process of processes) await process.stop();

    const seconds = (at - before.at) / 1000;
    const micros = (ms: number) => round((ms * 1000) / events);
    const server = (key: 'sessions' | 'background') =>
      after.server && before.server ? micros(after.server[key] - before.server[key]) : undefined;
    return {
      events,
      seconds: round(seconds),
      perSecond: round(events / seconds),
      sessionMicros: server('sessions'),
      backgroundMicros: server('background'),
      processMicros: micros(after.process - before.process),
      peakMiB: peaks,
      ledger: await countLedger(contender, arena, events, handled),
    };
  } catch (error) {
    for (const process of processes) await process.kill();
    throw error;
  }
}

async function untilDrained(
  contender: DrainContender,
  { client }: Arena,
  processes: readonly ContenderProcess[],
): Promise<void> {
  const look = { name: 'pending', text: sqlFile(`drain/${contender.engine.name}/pending.sql`) };
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const { rows } = await client.query<{ pending: boolean }>(look);
    if (rows[0]?.pending === false) return;
    if (performance.now() > deadline) throw new Error(`${contender.name} has not drained its queue in ${LIMIT_MS} ms`);
    for (const process of processes) process.check();
    await pause(LOOK_MS);
  }
}

async function countLedger(
  { engine, action }: DrainContender,
  { client }: Arena,
  enqueued: number,
  handled: number | undefined,
): Promise<Ledger> {
  const { rows } = await client.query(sqlFile(`drain/${engine.name}/ledger.sql`));
  const [{ effects, audited, repeated, remaining }] = rows;
  return {
    enqueued,
    effects: action === 'one-row' ? effects : undefined,
    audited: audited ?? undefined,
    handled,
    repeated,
    remaining,
  };
}

const totalMs = (processes: readonly ContenderProcess[]): number =>
  processes.reduce((sum, { pid }) => sum + cpuMs(pid).own, 0);

const round = (value: number): number => Math.round(value * 100) / 100;
