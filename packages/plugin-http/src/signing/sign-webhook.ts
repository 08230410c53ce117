import type { SigningKey } from './signing-key.js';

/**
 * The headers of Standard Webhooks for one attempt: the id is the event's, the same in every attempt; the time is the attempt's;
 * one signature per key, the newest first, while receivers move from one to the other.
 */
export function signWebhook(
  id: string,
  body: string | Uint8Array,
  keys: readonly SigningKey[],
  now: Date,
): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (keys.length === 0) return headers;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  return { ...headers, 'webhook-signature': keys.map((key) => key(content)).join(' ') };
}
