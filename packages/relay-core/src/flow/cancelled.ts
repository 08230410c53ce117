import { cancel } from '../outcome.js';
import type { Claim } from './in-flight.js';
import type { Attempt } from './run-handler.js';

/**
 * The end of an attempt whose event somebody cancelled meanwhile: a handler that stopped, or that would have come back,
 * is cancelled and undone. One that finished all the same is what it is.
 */
export function unlessCancelled(attempt: Attempt, claim: Claim | undefined): Attempt {
  if (claim?.cancelled !== true || 'lost' in attempt) return attempt;
  if ('outcome' in attempt && !['retried', 'snoozed'].includes(attempt.outcome.kind)) return attempt;
  return { outcome: cancel('cancelled'), undo: true };
}

/** The end of an attempt whose event was cancelled before its handler was called. */
export const cancelledBefore: Attempt = { outcome: cancel('cancelled'), undo: true };
