import type { Completion, Settlement } from '../db/gateway.js';
import { sqlstateOf, storable } from '../db/pg-error.js';
import type { Claim } from './in-flight.js';
import type { Attempt } from './run-handler.js';

/** An attempt that has ended but is not written yet. */
export interface Ended {
  readonly claim: Claim;
  readonly attempt: Attempt;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** Whether there is nothing to say of it but that it is done. */
export const endedWell = ({ attempt }: Ended): boolean => 'outcome' in attempt && attempt.outcome.kind === 'done';

/** What complete_v1 takes of an attempt that ended well. */
export const toCompletion = ({ claim, startedAt, finishedAt }: Ended, now: number): Completion => ({
  id: claim.id,
  attempt: claim.attempt,
  startedAgoMs: now - startedAt,
  finishedAgoMs: now - finishedAt,
});

/** The row that settle_v1 takes of an attempt that was not lost; times become ages at the moment of sending. */
export function toSettlement(ended: Ended, now = performance.now()): Settlement {
  const { id, attempt } = ended.claim;
  const times = { id, attempt, startedAgoMs: now - ended.startedAt, finishedAgoMs: now - ended.finishedAt };
  if ('failure' in ended.attempt) return { ...times, outcome: 'error', delayMs: null, error: ended.attempt.failure };
  if ('lost' in ended.attempt) throw new Error('an attempt that was lost is given back, not settled');
  const { outcome } = ended.attempt;
  const delayMs = 'delayMs' in outcome ? outcome.delayMs : null;
  const error =
    'code' in outcome
      ? { code: storable(outcome.code), message: storable('message' in outcome ? (outcome.message ?? '') : '') }
      : null;
  return { ...times, outcome: outcome.kind, delayMs, error };
}

/** The attempt that takes the place of one whose end the database refuses: a failure made of nothing but our own words. */
export function refused(ended: Ended, error: unknown): Ended {
  const sqlstate = sqlstateOf(error);
  const message = 'the database refused the end of the attempt';
  const failure = { ...(sqlstate === undefined ? {} : { sqlstate }), code: 'settlement_refused', message };
  return { ...ended, attempt: { failure, error } };
}

/** Whether it stands for a refused one already. */
export const isRefused = ({ attempt }: Ended): boolean =>
  'failure' in attempt && attempt.failure.code === 'settlement_refused';
