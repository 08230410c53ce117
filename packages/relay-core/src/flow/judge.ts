import { type Failure, type RetryRow, storable } from '../db/pg-error.js';
import { AttemptError } from '../handlers/attempt-error.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import type { Attempt } from './run-handler.js';

/** What the retry policy may look at in an error, beside SQLSTATE and code. */
export interface Features {
  /** error.name and the names of its classes. */
  readonly names?: readonly string[];
  readonly errorCode?: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** The policy of the handler's definition, if it is to be applied. */
  readonly retry?: RetryRow;
}

const noOption =
  'This handler has no option retry, so its errors without SQLSTATE are retried only by a rule of the channel (pgrelay.set_retry).';

/**
 * Puts beside a failure what the retry policy judges it by, and the handler's own part of that policy. The decision is
 * the database's, which knows the channel's rules and how often the event was retried. Anything else passes through.
 */
export function judge(attempt: Attempt, handler: HandlerDefinition): Attempt {
  if (!('failure' in attempt)) return attempt;
  const { error } = attempt;
  const own = error instanceof AttemptError ? { code: storable(error.code).slice(0, 100) } : {};
  const failure: Failure = { ...attempt.failure, ...own, ...featuresOf(error), ...policyOf(error, handler) };
  if (failure.sqlstate !== undefined || failure.hint !== undefined || handler.retry !== undefined)
    return { failure, error };
  return { failure: { ...failure, hint: noOption }, error };
}

function policyOf(error: unknown, handler: HandlerDefinition): Pick<Failure, 'retry' | 'hint'> {
  if (handler.retry === undefined) return {};
  const { row, decide } = handler.retry;
  try {
    return decide === undefined || decide(error) === true ? { retry: row } : {};
  } catch {
    return { hint: 'The function retry.when of this handler threw when it was asked about this error.' };
  }
}

/** Reads properties that may be missing, of another type, or throw. */
function featuresOf(error: unknown): Features {
  if (!(error instanceof Error)) return {};
  try {
    const { code, retryAfterMs } = error as { code?: unknown; retryAfterMs?: unknown };
    const status = statusOf(error);
    return {
      names: namesOf(error),
      ...(typeof code === 'string' && code !== '' ? { errorCode: storable(code).slice(0, 100) } : {}),
      ...(status === undefined ? {} : { status }),
      ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && Number.isFinite(retryAfterMs)
        ? { retryAfterMs }
        : {}),
    };
  } catch {
    return {};
  }
}

/** `status` (fetch wrappers), `statusCode` (undici), or that of `response` (axios, ky). */
function statusOf(error: Error): number | undefined {
  const { status, statusCode, response } = error as { status?: unknown; statusCode?: unknown; response?: unknown };
  const inside =
    typeof response === 'object' && response !== null && 'status' in response ? response.status : undefined;
  return [status, statusCode, inside].find(
    (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599,
  );
}

function namesOf(error: Error): string[] {
  const names = new Set([String(error.name)]);
  for (let at = Object.getPrototypeOf(error); at !== null && names.size < 8; at = Object.getPrototypeOf(at)) {
    const name: unknown = at.constructor?.name;
    if (typeof name === 'string' && name !== 'Object') names.add(name);
  }
  return [...names].filter((name) => name !== '').map((name) => storable(name).slice(0, 100));
}
