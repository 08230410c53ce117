import type pg from 'pg';
import type { ContenderProcess } from './contender-process.js';
import { cpuMs } from './process-facts.js';
import { ServerCpuMeter } from './server-cpu.js';
import { runFolder, sqlFile } from './sql-files.js';
import { checkDrain, lastId, rate, untilDrained } from './until-drained.js';

const ENQUEUE_AT_ONCE = 10_000;
const TIMEOUT_MS = 600_000;

/** One drain: events a second, and CPU time an event in µs of the server's sessions (undefined: it runs elsewhere) and of the process. */
export interface RelayDrain {
  readonly perSecond: number;
  readonly sessionMicros: number | undefined;
  readonly processMicros: number;
}

/** Fills a channel while it is paused, so that everything waits; returns the last id before. */
export async function fillChannel(
  client: pg.Client,
  channel: string,
  events: number,
  fill = () => enqueue(client, channel, events),
): Promise<string> {
  await client.query(sqlFile('engine/pause.sql'), [channel]);
  const since = await lastId(client);
  await fill();
  return since;
}

/** Ready events, in steps. */
export async function enqueue(client: pg.Client, channel: string, events: number): Promise<void> {
  for (let left = events; left > 0; left -= ENQUEUE_AT_ONCE)
    await client.query(sqlFile('engine/enqueue.sql'), [channel, Math.min(left, ENQUEUE_AT_ONCE), 1]);
}

/**
 * Lets a Processor in a process of its own drain so many events of a channel, after whatever filling left to do.
 * @throws Error when not every event has just one audit row, that of a success
 */
export async function runRelayDrain(
  client: pg.Client,
  channel: string,
  events: number,
  start: () => Promise<ContenderProcess>,
  fill?: () => Promise<void>,
): Promise<RelayDrain> {
  const since = await fillChannel(client, channel, events, fill);
  await runFolder(client, 'engine/settle');
  const processor = await start();
  try {
    const meter = await ServerCpuMeter.on(client);
    const before = { sessions: meter?.read().sessions, process: cpuMs(processor.pid).own };
    await client.query(sqlFile('engine/resume.sql'), [channel]);
    const drain = await untilDrained(client, channel, since, events, TIMEOUT_MS);
    checkDrain(drain, events);
    const micros = (ms: number) => Math.round((ms * 10_000) / events) / 10;
    return {
      perSecond: Math.round(rate(drain)),
      sessionMicros: meter && micros(meter.read().sessions - (before.sessions ?? Number.NaN)),
      processMicros: micros(cpuMs(processor.pid).own - before.process),
    };
  } finally {
    await processor.stop();
  }
}
