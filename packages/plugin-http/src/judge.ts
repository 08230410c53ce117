import { AttemptError, type RetryMatch } from '@pgrelay/relay-core';

/** What came of one request: the status of the answer and how long it asks to wait, or why there was none. */
export type Answer =
  | { readonly status: number; readonly retryAfterMs?: number }
  | { readonly none: 'timeout' | 'unreachable' };

/** What the schedule of an endpoint is for; anything else fails at once, unless a rule of the channel says otherwise. */
export const transient: readonly RetryMatch[] = [
  'http:408',
  'http:425',
  'http:429',
  'http:5xx',
  'code:http_timeout',
  'code:http_unreachable',
];

/**
 * What an answer means for the event. 2xx: done. Anything else is an error for the retry policy; a redirect is never
 * followed, since the target was not what somebody configured.
 * @throws AttemptError http_503, http_timeout …
 */
export function judge(answer: Answer): void {
  if ('none' in answer) throw new AttemptError(`http_${answer.none}`);
  if (answer.status < 200 || answer.status > 299) throw new AttemptError(`http_${answer.status}`, answer);
}
