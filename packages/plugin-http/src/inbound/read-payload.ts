import { RouteError, type RouteRequest } from '@pgrelay/relay-core';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The body as the event's payload: text that the database can hold, and JSON where the channel wants that. @throws RouteError 400, 415 */
export function readPayload({ headers, body }: RouteRequest, form: 'json' | 'text'): string {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new RouteError(415, 'PLUGIN_HTTP_PAYLOAD_INVALID', 'the body is compressed', { hint: 'Send it as it is.' });
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (form === 'json' && type !== 'application/json' && !type.endsWith('+json'))
    throw new RouteError(415, 'PLUGIN_HTTP_PAYLOAD_INVALID', 'the body is not application/json');
  const text = decode(body);
  if (text.includes('\0')) throw invalid('has a NUL character, which the database cannot hold');
  if (form === 'json' && !isJson(text)) throw invalid('is no JSON');
  return text;
}

function decode(body: Buffer): string {
  try {
    return decoder.decode(body);
  } catch {
    throw invalid('is no UTF-8');
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const invalid = (what: string): RouteError => new RouteError(400, 'PLUGIN_HTTP_PAYLOAD_INVALID', `the body ${what}`);
