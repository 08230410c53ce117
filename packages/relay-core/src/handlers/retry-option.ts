import type { RetryRow } from '../db/pg-error.js';

/** What a rule can match, as in pgrelay.set_retry(): `http:5xx`, `http:429`, `code:ECONNRESET`, `error:TypeError`, `sqlstate:40`, `any`. */
export type RetryMatch = 'any' | `http:${string}` | `code:${string}` | `error:${string}` | `sqlstate:${string}`;

/** How much of a pause is left to chance. */
export type Jitter = 'none' | 'equal' | 'full';

/** Pauses that grow with each retry: initialMs × factor ^ (retries so far), at most maxMs. */
export interface Backoff {
  /** The first pause, in ms. Default: 1000. */
  readonly initialMs?: number;
  /** Default: 2. */
  readonly factor?: number;
  /** The longest pause, in ms. Default: 3,600,000. */
  readonly maxMs?: number;
  /** `full`: a random part of the pause, `equal`: half of it and a random part of the rest, `none`: all of it. Default: `full`. */
  readonly jitter?: Jitter;
}

export interface RetryOptions {
  /** Retries, not attempts; lost and snoozed ones do not count. Default: as many as there are `delaysMs`, else 5. */
  readonly limit?: number;
  /** The pauses, one a retry, in ms; the last one repeats. Default: `backoff`. */
  readonly delaysMs?: readonly number[];
  readonly backoff?: Backoff;
  /** Of `delaysMs`, as that of `backoff`. Default: `none`. */
  readonly jitter?: Jitter;
  /** Which errors: some that match, or a function that says so. Default: every error. */
  readonly when?: readonly RetryMatch[] | ((error: unknown) => boolean);
}

export const defaultBackoff = { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 'full' } as const;
const defaultLimit = 5;
const longestMs = 366 * 86_400_000;
const matches = /^(any|sqlstate:([0-9A-Z]{2}|[0-9A-Z]{5})|(code|error):\P{Cc}{1,100}|http:[1-5](\d{2}|xx))$/u;

/** The policy as it goes to the database beside an error; `decide` says whether it does. */
export interface RetryPolicy {
  readonly row: RetryRow;
  readonly decide: ((error: unknown) => boolean) | undefined;
}

/** Reads the option; `refuse` makes the error of one that cannot work. */
export function readRetry(
  given: RetryOptions,
  refuse: (what: string, value: unknown, hint: string) => Error,
): RetryPolicy {
  const isPause = (ms: unknown): ms is number => typeof ms === 'number' && ms >= 0 && ms <= longestMs;
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw refuse('retry', given, 'It is an object: { limit, delaysMs or backoff, when }.');
  const { delaysMs, backoff, when } = given;
  if (delaysMs !== undefined && backoff !== undefined)
    throw refuse('retry.backoff', backoff, 'Give delaysMs or backoff, not both.');
  if (delaysMs !== undefined && !(Array.isArray(delaysMs) && delaysMs.every(isPause)))
    throw refuse('retry.delaysMs', delaysMs, 'Numbers of ms, 0 to 366 days.');
  const limit = given.limit ?? delaysMs?.length ?? defaultLimit;
  if (!Number.isInteger(limit) || limit < 0 || limit > 10_000 || (limit > 0 && delaysMs?.length === 0))
    throw refuse('retry.limit', limit, 'A whole number from 0 to 10000; with delaysMs there must be a pause.');
  const { initialMs, factor, maxMs, jitter } = { ...defaultBackoff, ...backoff };
  if (!isPause(maxMs) || maxMs === 0) throw refuse('retry.backoff.maxMs', maxMs, 'A number of ms, up to 366 days.');
  if (!isPause(initialMs) || initialMs > maxMs)
    throw refuse('retry.backoff.initialMs', initialMs, 'A number of ms, at most maxMs.');
  if (!(factor >= 1 && factor <= 100)) throw refuse('retry.backoff.factor', factor, 'A number from 1 to 100.');
  const jitters: readonly unknown[] = ['none', 'equal', 'full'];
  if (!jitters.includes(jitter)) throw refuse('retry.backoff.jitter', jitter, "It is 'none', 'equal' or 'full'.");
  const { jitter: ofDelays = 'none' } = given;
  if (!jitters.includes(ofDelays) || (given.jitter !== undefined && delaysMs === undefined))
    throw refuse('retry.jitter', ofDelays, "It is 'none', 'equal' or 'full', and belongs to delaysMs.");
  if (when !== undefined && typeof when !== 'function') {
    if (!Array.isArray(when)) throw refuse('retry.when', when, 'It is an array of matches, or a function.');
    const wrong = when.find((one) => typeof one !== 'string' || !matches.test(one));
    if (wrong !== undefined)
      throw refuse('retry.when', wrong, 'Examples: http:429, http:5xx, code:ECONNRESET, error:TypeError, sqlstate:40.');
  }
  return {
    row: {
      limit,
      ...(delaysMs === undefined ? { jitter, initialMs, factor, maxMs } : { jitter: ofDelays, delaysMs }),
      ...(typeof when === 'object' ? { when } : {}),
    },
    decide: typeof when === 'function' ? when : undefined,
  };
}
