import type { Settlement } from '../db/gateway.js';
import type { Claim } from './in-flight.js';
import type { Attempt } from './run-handler.js';

/** An attempt that has ended but is not written yet. */
export interface Ended {
  readonly claim: Claim;
  readonly attempt: Attempt;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** The row that settle_v1 takes of an attempt that was not lost; times become ages at the moment of sending. */
export function toSettlement(ended: Ended, now = performance.now()): Settlement {
  const { id, attempt } = ended.claim;
  const times = { id, attempt, startedAgoMs: now - ended.startedAt, finishedAgoMs: now - ended.finishedAt };
  if ('failure' in ended.attempt) return { ...times, outcome: 'error', delayMs: null, error: ended.attempt.failure };
  if ('lost' in ended.attempt) throw new Error('an attempt that was lost is given back, not settled');
  const { outcome } = ended.attempt;
  const delayMs = 'delayMs' in outcome ? outcome.delayMs : null;
  const error =
    'code' in outcome ? { code: outcome.code, message: 'message' in outcome ? (outcome.message ?? '') : '' } : null;
  return { ...times, outcome: outcome.kind, delayMs, error };
}
