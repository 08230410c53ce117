import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Counts } from './counts.js';

const EVERY_MS = 50;
const PATIENCE_MS = 120_000;

interface Look {
  readonly stale_ms: number;
  readonly waiting: number;
  readonly waiting_for_relay: number;
  readonly dirty: number;
}

/** Looks at the server until told to stop: staleness, and who waits for whose lock. */
export async function monitor(client: pg.Client, counts: Counts, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const look = await lookOnce(client);
    counts.looks += 1;
    counts.worstStaleMs = Math.max(counts.worstStaleMs, look.stale_ms);
    if (look.waiting > 0) counts.looksWithWaiting += 1;
    if (look.waiting_for_relay > 0) counts.looksWaitingForRelay += 1;
    await pause(EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Waits until every view says of itself that it is fresh. Asks for nothing: a change that went unnoticed stays so. */
export async function untilClean(client: pg.Client): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await lookOnce(client)).dirty > 0) {
    if (Date.now() > deadline) throw new Error('the views were not refreshed within two minutes');
    await pause(EVERY_MS);
  }
}

async function lookOnce(client: pg.Client): Promise<Look> {
  const { rows } = await client.query<Look>('select * from soak.monitor()');
  return rows[0] ?? { stale_ms: 0, waiting: 0, waiting_for_relay: 0, dirty: 0 };
}
