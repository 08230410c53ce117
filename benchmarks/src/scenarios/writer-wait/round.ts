import { setTimeout as pause } from 'node:timers/promises';
import type { Arm, Refresh } from './arm.js';
import { type Write, Writers } from './writers.js';

const WARM_MS = 1_000;
const QUIET_MS = 4_000;
const AFTER_MS = 1_000;

export interface Round {
  readonly refresh: Refresh;
  /** How long the writes took that overlapped the refresh, and those that did not. */
  readonly during: readonly number[];
  readonly outside: readonly number[];
}

/** Writers write; for a while nothing is refreshed, then the view is, once, then nothing again. */
export async function runRound(url: string, arm: Arm): Promise<Round> {
  const writers = await Writers.open(url, arm.schema);
  const stop = new AbortController();
  try {
    const writing = writers.writeUntil(stop.signal);
    await pause(WARM_MS + QUIET_MS);
    const refresh = await arm.refresh();
    await pause(AFTER_MS);
    stop.abort();
    const all = await writing;
    const first = Math.min(...all.map((write) => write.began));
    const warm = all.filter((write) => write.began >= first + WARM_MS);
    const overlaps = (write: Write) => write.began < refresh.ended && write.began + write.ms > refresh.began;
    return {
      refresh,
      during: warm.filter(overlaps).map((write) => write.ms),
      outside: warm.filter((write) => !overlaps(write)).map((write) => write.ms),
    };
  } finally {
    stop.abort();
    await writers.close();
  }
}
