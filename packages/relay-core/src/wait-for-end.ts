import { setTimeout as pause } from 'node:timers/promises';
import { RelayError } from '@pgrelay/relay-sql';
import { gateway } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';

/** How an event ended. */
export interface EventEnd {
  readonly id: string;
  readonly outcome: 'done' | 'failed' | 'cancelled';
  /** Starts until then. */
  readonly attempt: number;
  /** Of a failure: our code or the handler's. */
  readonly code: string | null;
  readonly sqlstate: string | null;
}

export interface WaitOptions {
  /** The longest wait, in ms, up to an hour. Default: 30,000. */
  readonly timeoutMs?: number;
}

export const defaultWaitOptions = { timeoutMs: 30_000 } as const;

const longestMs = 3_600_000;
/** Between two looks, in ms: at first, and at most. */
const looks = { firstMs: 5, mostMs: 250 } as const;

/** @throws RelayError RELAY_ARGUMENT_INVALID */
export function checkWait({ timeoutMs = defaultWaitOptions.timeoutMs }: WaitOptions): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= longestMs) return;
  throw new RelayError('RELAY_ARGUMENT_INVALID', `timeoutMs is ${String(timeoutMs)}`, {
    hint: 'It is a number of ms, at most an hour. For longer waits let a handler send the answer as an event.',
  });
}

/** Looks until the event has ended, less often the longer it takes. @throws RelayError RELAY_WAIT_TIMEOUT */
export async function waitForEnd(db: Queryable, id: string, options: WaitOptions): Promise<EventEnd> {
  const { timeoutMs = defaultWaitOptions.timeoutMs } = options;
  const since = performance.now();
  for (let wait: number = looks.firstMs; ; wait = Math.min(wait * 1.5, looks.mostMs)) {
    const ended = await gateway.lookEnded(db, id);
    if (ended !== undefined) return { id, ...ended };
    const left = timeoutMs - (performance.now() - since);
    if (left <= 0)
      throw new RelayError('RELAY_WAIT_TIMEOUT', `event ${id} has not ended within ${timeoutMs} ms`, {
        hint: `It goes on all the same. Why it takes so long: select * from pgrelay.explain_event(${id}).`,
      });
    await pause(Math.min(wait, left));
  }
}
