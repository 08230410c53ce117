import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { RelayError } from '@pgrelay/relay-core';

export interface VerifyWebhookOptions {
  /** `whsec_…` or `whpk_…`, all that may have signed: several while one takes the other's place. */
  readonly secrets: readonly string[];
  /** The request's headers: an object as node:http has it, or `Headers`. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> | Headers;
  /** The body as it came, before anybody parsed it. */
  readonly body: string | Uint8Array;
  /** How far the attempt's time may be from this one's, in ms. Default: 300,000. */
  readonly toleranceMs?: number;
  /** The time now. Default: that of this computer. */
  readonly now?: Date;
}

export const defaultVerifyWebhookOptions = { toleranceMs: 300_000 } as const;

/** A request whose signature holds. */
export interface VerifiedWebhook {
  /** The same in every attempt at an event: whoever has seen it has seen the event. */
  readonly id: string;
  /** When this attempt was made. */
  readonly sentAt: Date;
}

type Check = (version: string, signature: Buffer, content: Buffer) => boolean;

/** The DER of SubjectPublicKeyInfo before the 32 octets of an ed25519 key (RFC 8410). */
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * For receivers: checks that a request was signed, lately, by somebody with one of these secrets (Standard Webhooks, v1 and v1a).
 * Signatures are compared in constant time.
 * @throws RelayError PLUGIN_HTTP_SIGNATURE_INVALID, PLUGIN_HTTP_SIGNATURE_EXPIRED, PLUGIN_HTTP_SECRET_INVALID
 */
export function verifyWebhook(options: VerifyWebhookOptions): VerifiedWebhook {
  const { headers, secrets, toleranceMs = defaultVerifyWebhookOptions.toleranceMs, now = new Date() } = options;
  const checks = secrets.map(readCheck);
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (!/^\d{1,12}$/.test(timestamp)) throw invalid('the header webhook-timestamp is no number of seconds');
  const sentAt = new Date(Number(timestamp) * 1_000);
  if (!(Math.abs(now.getTime() - sentAt.getTime()) <= toleranceMs)) {
    throw new RelayError(
      'PLUGIN_HTTP_SIGNATURE_EXPIRED',
      `the attempt's time is more than ${toleranceMs} ms from now`,
      {
        hint: 'It is an old request sent again, or one of the two clocks is wrong.',
      },
    );
  }
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(options.body)]);
  const holds = signatures.split(' ').some((part) => {
    const [version = '', signature = ''] = part.split(',', 2);
    return checks.some((check) => check(version, Buffer.from(signature, 'base64'), content));
  });
  if (!holds) throw invalid('no signature fits the body and one of the secrets');
  return { id, sentAt };
}

function readCheck(secret: string): Check {
  const match = /^(?:(whsec|whpk)_)?([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  const octets = Buffer.from(match?.[2] ?? '', 'base64');
  if (match?.[1] === 'whpk' && octets.length === 32) {
    const key = createPublicKey({ key: Buffer.concat([spki, octets]), format: 'der', type: 'spki' });
    return (version, signature, content) =>
      version === 'v1a' && signature.length === 64 && verify(null, content, key, signature);
  }
  if (match !== null && match[1] !== 'whpk' && octets.length > 0) {
    return (version, signature, content) => {
      const expected = createHmac('sha256', octets).update(content).digest();
      return version === 'v1' && signature.length === expected.length && timingSafeEqual(signature, expected);
    };
  }
  throw new RelayError('PLUGIN_HTTP_SECRET_INVALID', 'a secret is neither whsec_… nor whpk_…', {
    hint: 'Give the receiver whsec_ and base64, or whpk_ and the 32 octets of an ed25519 public key as base64.',
  });
}

function headerOf(headers: VerifyWebhookOptions['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : [headers[name]].flat()[0];
  if (value === undefined || value === null || value === '') throw invalid(`the header ${name} is missing`);
  return value;
}

function invalid(what: string): RelayError {
  return new RelayError('PLUGIN_HTTP_SIGNATURE_INVALID', what, {
    hint: 'Answer 401, and check the secret and that the body is verified as it came.',
  });
}
