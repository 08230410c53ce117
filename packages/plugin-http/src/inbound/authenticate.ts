import { RelayError, RouteError, type RouteRequest } from '@pgrelay/relay-core';
import { type VerifiedWebhook, verifyWebhook } from '../signing/verify-webhook.js';
import type { Credentials } from './check-inbound.js';
import { tokenCheck } from './token-check.js';

/** Says who may pass: a request → what its signature says of it, undefined where none is asked for. */
export type Authenticate = (request: RouteRequest) => VerifiedWebhook | undefined;

/**
 * Asks for a bearer token where there are tokens, and for a signature where there are secrets. Whether the signature's time is near
 * enough is for the database to say: its clock counts.
 * @throws RouteError 401
 */
export function authenticator({ tokens, secrets }: Credentials): Authenticate {
  const isToken = tokenCheck(tokens);
  return ({ headers, body }) => {
    if (tokens.length === 0 && secrets.length === 0) throw unauthorized('PLUGIN_HTTP_TOKEN_INVALID', 'nobody may send');
    if (tokens.length > 0) {
      const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
      if (given === undefined || !isToken(given))
        throw unauthorized('PLUGIN_HTTP_TOKEN_INVALID', 'the request has no bearer token that is valid here');
    }
    if (secrets.length === 0) return undefined;
    try {
      return verifyWebhook({ secrets, headers, body, toleranceMs: Number.POSITIVE_INFINITY });
    } catch (error) {
      if (error instanceof RelayError) throw unauthorized(error.code, error.message);
      throw error;
    }
  };
}

function unauthorized(code: string, message: string): RouteError {
  return new RouteError(401, code, message, { headers: { 'www-authenticate': 'Bearer' } });
}
