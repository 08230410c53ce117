import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type VerifyWebhookOptions, verifyWebhook } from '@pgrelay/plugin-http';
import { describe, expect, test } from 'vitest';
import { signWebhook } from '../src/signing/sign-webhook.js';
import { readSigningKey, type SigningKey } from '../src/signing/signing-key.js';

// The vectors of the specification's own libraries (github.com/standard-webhooks/standard-webhooks, libraries/javascript and /go).
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const at = new Date(1_614_265_330_000);
const body = '{"test": 2432232314}';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const privateKey = 'whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=';
const asymmetric = 'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==';
const others = ['v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=', 'v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='];

function keyOf(text: string): SigningKey {
  const key = readSigningKey(text);
  if (key === undefined) throw new Error('no key');
  return key;
}

function publicKeyOf(text: string): string {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(text.slice('whsk_'.length), 'base64'),
  ]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return `whpk_${key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;
}

const headers = (change: Record<string, string | undefined> = {}) => ({
  'webhook-id': id,
  'webhook-timestamp': '1614265330',
  'webhook-signature': signature,
  ...change,
});

const verify = (change: Partial<VerifyWebhookOptions>) =>
  verifyWebhook({ secrets: [secret], headers: headers(), body, now: at, ...change });

describe('signing', () => {
  test('the vector of v1, HMAC-SHA256', () => {
    expect(signWebhook(id, body, [keyOf(secret)], at)).toEqual(headers());
  });

  test('the vector of v1a, ed25519; 64 octets, seed and public half, are the same key', () => {
    expect(signWebhook(id, body, [keyOf(privateKey)], at)).toEqual(headers({ 'webhook-signature': asymmetric }));
    const both = Buffer.concat(
      [privateKey, publicKeyOf(privateKey)].map((key) => Buffer.from(key.slice('whsk_'.length), 'base64')),
    );
    expect(keyOf(`whsk_${both.toString('base64')}`)(Buffer.from(`${id}.1614265330.${body}`))).toBe(asymmetric);
  });

  test('a body is signed by its octets, whatever they are', () => {
    const octets = Buffer.from([0xff, 0x00, 0xfe]);
    const signed = signWebhook(id, octets, [keyOf(secret), keyOf(privateKey)], at);
    for (const one of [secret, publicKeyOf(privateKey)])
      expect(verify({ secrets: [one], headers: signed, body: octets })).toEqual({ id, sentAt: at });
  });

  test('one signature a key while one takes the place of the other; none without a key', () => {
    const both = signWebhook(id, body, [keyOf(secret), keyOf(privateKey)], at);
    expect(both['webhook-signature']).toBe(`${signature} ${asymmetric}`);
    expect(signWebhook(id, body, [], at)).toEqual({ 'webhook-id': id, 'webhook-timestamp': '1614265330' });
  });

  test.each(['', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'A'.repeat(200)}`, 'whsk_c2hvcnQ=', 'secret', 'whpk_AAAA'])(
    '%j is no key',
    (text) => expect(readSigningKey(text)).toBeUndefined(),
  );
});

describe('verifying, as the libraries of the specification do', () => {
  test('a valid request, with the secret with and without its prefix, by text and by octets, with Headers', () => {
    const found = { id, sentAt: at };
    expect(verify({})).toEqual(found);
    expect(verify({ secrets: [secret.slice('whsec_'.length)] })).toEqual(found);
    expect(verify({ body: Buffer.from(body) })).toEqual(found);
    expect(verify({ headers: new Headers(headers()) })).toEqual(found);
    expect(
      verify({ secrets: [publicKeyOf(privateKey)], headers: headers({ 'webhook-signature': asymmetric }) }),
    ).toEqual(found);
  });

  test('one of several signatures, by one of several secrets', () => {
    const many = headers({ 'webhook-signature': [...others, signature, asymmetric].join(' ') });
    expect(verify({ headers: many }).id).toBe(id);
    expect(
      verify({ headers: many, secrets: ['whsec_c29tZSBvdGhlciBzZWNyZXQgdGhhdCBpcyBsb25n', publicKeyOf(privateKey)] })
        .id,
    ).toBe(id);
  });

  test.each([
    ['no id', { headers: headers({ 'webhook-id': undefined }) }],
    ['another id', { headers: headers({ 'webhook-id': 'msg_other' }) }],
    ['no timestamp', { headers: headers({ 'webhook-timestamp': undefined }) }],
    ['a timestamp that is none', { headers: headers({ 'webhook-timestamp': 'hello' }) }],
    ['another timestamp within the tolerance', { headers: headers({ 'webhook-timestamp': '1614265331' }) }],
    ['no signature', { headers: headers({ 'webhook-signature': undefined }) }],
    ['an invalid signature', { headers: headers({ 'webhook-signature': 'v1,dawfeoifkpqwoekfpqoekf' }) }],
    ['a part of the signature', { headers: headers({ 'webhook-signature': signature.slice(0, 8) }) }],
    ['an empty signature', { headers: headers({ 'webhook-signature': 'v1,' }) }],
    [
      'the signature in the name of another version',
      { headers: headers({ 'webhook-signature': signature.replace('v1', 'v2') }) },
    ],
    ['v1 said to be v1a', { headers: headers({ 'webhook-signature': signature.replace('v1', 'v1a') }) }],
    ['another body', { body: '{"test": 2432232315}' }],
    ['another secret', { secrets: ['whsec_c29tZSBvdGhlciBzZWNyZXQgdGhhdCBpcyBsb25n'] }],
    ['no secret', { secrets: [] }],
  ] as [string, Partial<VerifyWebhookOptions>][])('%s is refused', (_what, change) => {
    expect(() => verify(change)).toThrow(expect.objectContaining({ code: 'PLUGIN_HTTP_SIGNATURE_INVALID' }));
  });

  test.each([-300_001, 300_001])('%i ms away is refused, unless the tolerance says otherwise', (ms) => {
    const now = new Date(at.getTime() + ms);
    expect(() => verify({ now })).toThrow(expect.objectContaining({ code: 'PLUGIN_HTTP_SIGNATURE_EXPIRED' }));
    expect(verify({ now, toleranceMs: 400_000 }).id).toBe(id);
    expect(verify({ now: new Date(at.getTime() + Math.sign(ms) * 299_000) }).id).toBe(id);
  });

  test.each(['', 'whpk_c2hvcnQ=', 'whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=', 'not base64!'])(
    '%j is no secret of a receiver, and is not quoted',
    (text) => {
      const run = () => verify({ secrets: [text] });
      expect(run).toThrow(expect.objectContaining({ code: 'PLUGIN_HTTP_SECRET_INVALID' }));
      if (text.length > 5) expect(run).not.toThrow(text);
    },
  );
});
