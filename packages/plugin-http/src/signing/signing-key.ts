import { createHmac, createPrivateKey, sign } from 'node:crypto';

/** Makes one signature of the header `webhook-signature`. */
export type SigningKey = (content: Buffer) => string;

/** What node:crypto wants before the 32 octets of an ed25519 key: the DER of PKCS #8 (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads a secret of Standard Webhooks: `whsec_…`, 24 to 64 octets for HMAC-SHA256 (v1), or `whsk_…`, an ed25519 key (v1a) of 32
 * octets, or 64 with its public half behind. Undefined for anything else.
 */
export function readSigningKey(secret: string): SigningKey | undefined {
  const match = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (match === null) return undefined;
  const octets = Buffer.from(match[2] ?? '', 'base64');
  if (match[1] === 'whsec') {
    if (octets.length < 24 || octets.length > 64) return undefined;
    return (content) => `v1,${createHmac('sha256', octets).update(content).digest('base64')}`;
  }
  if (octets.length !== 32 && octets.length !== 64) return undefined;
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, octets.subarray(0, 32)]), format: 'der', type: 'pkcs8' });
  return (content) => `v1a,${sign(null, content, key).toString('base64')}`;
}
