import type { SigningKey } from './signing-key.js';

/**
 * The headers of Standard Webhooks for one attempt: the id is the event's, the same in every attempt; the time is the attempt's;
 * one signature per key, the newest first, while receivers move from one to the other.
 */
export function signWebhook(id: string, body: string, keys: readonly SigningKey[], now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const content = `${id}.${timestamp}.${body}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(keys.length === 0 ? {} : { 'webhook-signature': keys.map((key) => key(content)).join(' ') }),
  };
}
