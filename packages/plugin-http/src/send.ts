import { type Dispatcher, request } from 'undici';
import type { Answer } from './judge.js';
import type { CheckedEndpoint } from './options.js';
import { readRetryAfter } from './retry-after.js';

/** How much of an answer's body is read so that its connection can be used again. It is thrown away. */
const answerLimit = 64 * 1024;

/** Sends one event and waits for the status of the answer. Never throws; keeps nothing that the other side said. */
export async function send(
  endpoint: CheckedEndpoint,
  event: { readonly id: string; readonly payload: string | null },
  dispatcher: Dispatcher,
  stopping: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(endpoint.timeoutMs);
  const signal = AbortSignal.any([timeout, stopping]);
  try {
    const { statusCode, headers, body } = await request(endpoint.url, {
      dispatcher,
      method: endpoint.method,
      headers: { 'content-type': 'application/json', ...endpoint.headers, 'webhook-id': event.id },
      body: event.payload,
      signal,
    });
    // The status is the answer; a body that never ends costs its connection, not the event.
    await body.dump({ limit: answerLimit, signal }).catch(() => body.destroy());
    const retryAfterMs = readRetryAfter(headers['retry-after'], headers.date);
    return { status: statusCode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } catch {
    return { none: timeout.aborted ? 'timeout' : 'unreachable' };
  }
}
