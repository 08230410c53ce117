import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { sqlFile } from './sql-files.js';

const PROBE_MS = 20;
const COUNT_MS = 100;

export interface Drain {
  readonly attempts: number;
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
  /** The first start and the last end, in ms by the server's clock. */
  readonly began: number;
  readonly ended: number;
}

/** Events done in a second. */
export const rate = ({ done, began, ended }: Drain): number => (done * 1_000) / (ended - began);

/** What was given out before events are enqueued that will be drained. */
export async function lastId(client: pg.Client): Promise<string> {
  return (await client.query<{ id: string }>(sqlFile('engine/last-id.sql'))).rows[0]?.id ?? '0';
}

/** @throws Error when not every one of the events has just one audit row, that of a success */
export function checkDrain({ attempts, done }: Drain, events: number): void {
  if (attempts === events && done === events) return;
  throw new Error(`${events} events have ${attempts} audit rows, ${done} of them of a success`);
}

/** Until all events of the channel after `since` have ended, well or not; asks in a way that costs the server little. */
export async function untilDrained(
  client: pg.Client,
  channel: string,
  since: string,
  events: number,
  timeoutMs: number,
): Promise<Drain> {
  const end = performance.now() + timeoutMs;
  const late = () => new Error(`${events} events of ${channel} were not done after ${timeoutMs} ms`);
  const { rows } = await client.query<{ place: string }>(sqlFile('engine/last-place.sql'));
  const waits = async () =>
    (await client.query<{ waits: boolean }>(sqlFile('engine/waits.sql'), [channel, rows[0]?.place])).rows[0]?.waits;
  while ((await waits()) !== false) {
    if (performance.now() > end) throw late();
    await pause(PROBE_MS);
  }
  for (;;) {
    const [drain] = (await client.query<Drain>(sqlFile('engine/drain.sql'), [channel, since])).rows;
    if (drain !== undefined && drain.done + drain.failed >= events) return drain;
    if (performance.now() > end) throw late();
    await pause(COUNT_MS);
  }
}
