import type { ServerResponse } from 'node:http';
import type { RouteReply } from './route.js';
import type { RouteError } from './route-error.js';

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Sends an answer; does nothing when the client is gone or was answered already. */
export function writeReply(
  response: ServerResponse,
  { status = 200, body, headers = {} }: RouteReply,
  close = false,
): void {
  if (response.headersSent || response.destroyed) return;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const isText = typeof body === 'string' && 'content-type' in lower;
  const text = body === undefined ? '' : isText ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    ...always,
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
    ...lower,
    ...(close ? { connection: 'close' } : {}),
  });
  response.end(text);
}

/** How an error is answered. */
export function errorReply({ status, code, message, hint, headers }: RouteError): Required<RouteReply> {
  return { status, headers, body: { error: { code, message, ...(hint === undefined ? {} : { hint }) } } };
}
