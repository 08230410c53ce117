import { RouteError, type RouteRequest } from '@pgrelay/relay-core';
import type { VerifiedWebhook } from '../signing/verify-webhook.js';

/**
 * The sender's name for the event. Of a signed request it is the id that was signed: under another key anybody could send the request
 * again. Else it is Idempotency-Key, with or without quotes, or webhook-id. @throws RouteError 400
 */
export function readKey(
  { headers }: RouteRequest,
  signed: VerifiedWebhook | undefined,
  required: boolean,
): string | undefined {
  const given = headers['idempotency-key'] ?? headers['webhook-id'];
  const key = signed?.id ?? [given].flat()[0]?.replace(/^"(.*)"$/, '$1');
  if (key === undefined) {
    if (!required) return undefined;
    throw new RouteError(400, 'PLUGIN_HTTP_KEY_INVALID', 'the request has no key', {
      hint: 'Send the header Idempotency-Key, the same whenever you send this event again.',
    });
  }
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new RouteError(400, 'PLUGIN_HTTP_KEY_INVALID', 'the key is not 1 to 255 visible ASCII characters');
}
