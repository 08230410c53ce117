import { randomInt } from 'node:crypto';
import type { Exchange } from '../net/exchange.js';

/** One request as record_attempts_v1 takes it, in as few letters as it is sent often. */
export interface AttemptRow {
  /** The event's id. */
  readonly e: string;
  /** The request's: begins at random, so that a row that is sent again is written once. */
  readonly r: number;
  readonly c: string;
  readonly a: number;
  /** When it ended, by performance.now(); sent as `ago`. */
  readonly endedAt: number;
  readonly s: number | null;
  readonly x: string | null;
  readonly co: number | null;
  readonly h: number | null;
  readonly t: number;
  readonly o: number;
  readonly i: number;
}

/** What is kept of a request: its status and times, and nothing that either side said. */
export function attemptRow(
  event: { readonly id: string; readonly channel: string; readonly attempt: number },
  { status, none, connectMs, headersMs, totalMs, responseBytes }: Exchange,
  requestBytes: number,
): AttemptRow {
  const isGood = status !== undefined && status >= 200 && status <= 299;
  return {
    e: event.id,
    r: nextRequest(),
    c: event.channel,
    a: event.attempt,
    endedAt: performance.now(),
    s: status ?? null,
    x: isGood ? null : `http_${status ?? none}`,
    co: rounded(connectMs),
    h: rounded(headersMs),
    t: rounded(totalMs) ?? 0,
    o: requestBytes,
    i: responseBytes,
  };
}

/** Begins anywhere, and counts: two Processors that send the same event have different ones. */
let last = randomInt(2 ** 47);
const nextRequest = (): number => {
  last += 1;
  return last;
};

/** Microseconds are enough. */
const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms * 1_000) / 1_000);
