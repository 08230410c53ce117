import { AttemptError, fail, type Outcome, type RetryMatch, snooze } from '@pgrelay/relay-core';
import type { Exchange } from '../net/exchange.js';
import { excerptOf } from './excerpt.js';
import { readRetryAfter } from './retry-after.js';

/** What the schedule of an endpoint is for; anything else fails at once, unless a rule of the channel says otherwise. */
export const transient: readonly RetryMatch[] = [
  'http:408',
  'http:425',
  'http:429',
  'http:5xx',
  'code:http_timeout',
  'code:http_unreachable',
];

/** An event that starts so often is no longer put off by Retry-After alone: its retries are counted. */
export const mostPutOff = 100;
const longestPutOffMs = 86_400_000;
/** An event whose endpoint is gone goes back so soon, to wait in the paused channel. */
const goneMs = 1_000;

/**
 * What an answer means for the event.
 *   2xx                            done
 *   408, 425, 429, 5xx, no answer  again, by the schedule; or when Retry-After says, which counts as no retry
 *   410                            goes back; its channel is paused when the attempt is written
 *   3xx and other 4xx              fails: a redirect is never followed, since its target is not what somebody configured
 * @throws AttemptError http_503, http_timeout …, for the retry policy
 */
export function judge(exchange: Exchange, attempt: number, excerptBytes: number): Outcome | undefined {
  const { status, none } = exchange;
  if (status === undefined) {
    if (none === 'address_refused') {
      return fail(
        'http_address_refused',
        'The name of the endpoint leads to an address that requests may not go to (option allowAddresses).',
      );
    }
    throw new AttemptError(`http_${none}`);
  }
  if (status >= 200 && status <= 299) return undefined;
  if (status === 410) return snooze(goneMs);
  const retryAfterMs = readRetryAfter(exchange.headers['retry-after'], exchange.headers['date']);
  const isTransient = [408, 425, 429].includes(status) || status >= 500;
  if (isTransient && retryAfterMs !== undefined && attempt < mostPutOff)
    return snooze(Math.min(retryAfterMs, longestPutOffMs));
  const excerpt = excerptOf(exchange, excerptBytes);
  throw new AttemptError(`http_${status}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(excerpt === undefined ? {} : { message: `http_${status}: ${excerpt}` }),
  });
}
