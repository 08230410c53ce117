import { complete, fail, type Outcome, retryIn } from '@pgrelay/relay-core';

/** What came of one request: the status of the answer, or why there was none. */
export type Answer = number | 'timeout' | 'unreachable';

/**
 * What an answer means for the event. 2xx: done. 408, 425, 429, 5xx and no answer: another attempt after the next pause
 * of the schedule, until it is used up. Anything else fails at once; a redirect is never followed, since the target
 * was not what somebody configured.
 */
export function judge(answer: Answer, attempt: number, delaysMs: readonly number[]): Outcome {
  if (typeof answer === 'number' && answer >= 200 && answer < 300) return complete();
  const code = `http_${answer}`;
  if (!isTransient(answer)) return fail(code);
  const delayMs = delaysMs[attempt - 1];
  return delayMs === undefined ? fail(code, `given up after attempt ${attempt}`) : retryIn(delayMs, code);
}

function isTransient(answer: Answer): boolean {
  return typeof answer !== 'number' || [408, 425, 429].includes(answer) || answer >= 500;
}
