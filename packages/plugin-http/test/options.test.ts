import { http } from '@pgrelay/plugin-http';
import { RelayError } from '@pgrelay/relay-core';
import { describe, expect, test } from 'vitest';
import { judge, mostPutOff } from '../src/delivery/judge.js';
import { readRetryAfter } from '../src/delivery/retry-after.js';
import type { Exchange } from '../src/net/exchange.js';

const url = 'https://example.com/hook';

function refusal(endpoint: object): RelayError {
  try {
    http({ endpoints: { orders: endpoint as { url: string } } });
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
  throw new Error('the endpoint was accepted');
}

describe('options', () => {
  test.each([
    ['PLUGIN_HTTP_URL_INVALID', { url: 'example.com/hook' }],
    ['PLUGIN_HTTP_URL_INVALID', { url: 'ftp://example.com' }],
    ['PLUGIN_HTTP_URL_INVALID', { url: 'https://user:hunter2@example.com' }],
    ['PLUGIN_HTTP_INSECURE', { url: 'http://example.com/hook' }],
    ['PLUGIN_HTTP_ADDRESS_REFUSED', { url: 'https://127.0.0.1/hook' }],
    ['PLUGIN_HTTP_SECRET_INVALID', { url, secrets: ['hunter2'] }],
    ['PLUGIN_HTTP_SECRET_MISSING', { url, secrets: ['env:PGRELAY_TEST_NO_SUCH_VARIABLE'] }],
    ['PLUGIN_HTTP_TEMPLATE_INVALID', { url, body: { text: '{{hunter2}}' } }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, alertChannel: 'orders' }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, method: 'GET' }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, timeoutMs: 0 }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, concurrency: 1.5 }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, retryDelaysMs: [-1] }],
    ['PLUGIN_HTTP_OPTION_INVALID', { url, retries: 3 }],
    ['PLUGIN_HTTP_HEADER_INVALID', { url, headers: { authorization: 'Bearer hunter2\r\nx: y' } }],
    ['PLUGIN_HTTP_HEADER_INVALID', { url, headers: { 'a b': 'hunter2' } }],
    ['PLUGIN_HTTP_HEADER_INVALID', { url, headers: { 'Webhook-Id': 'hunter2' } }],
  ])('%s before anything starts, and no secret in it', (code, endpoint) => {
    const error = refusal(endpoint);
    expect(error.code).toBe(code);
    expect(error.message).toContain('"orders"');
    expect(error.hint).toBeDefined();
    expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
  });

  test('no endpoints is fine: a binary composes the plugin before anybody configures it', () => {
    expect(http().name).toBe('http');
    expect(() => http({ endpoint: {} } as object)).toThrow(
      expect.objectContaining({ code: 'PLUGIN_HTTP_OPTION_INVALID' }),
    );
  });
});

describe('what an answer means', () => {
  const answer = (status: number | undefined, more: Partial<Exchange> = {}): Exchange => ({
    ...(status === undefined ? {} : { status }),
    headers: {},
    body: Buffer.alloc(0),
    complete: true,
    connectMs: 1,
    headersMs: 2,
    totalMs: 3,
    responseBytes: 0,
    ...more,
  });

  test.each([200, 201, 204, 299])('%i is done', (status) => {
    expect(judge(answer(status), 1, 100)).toBeUndefined();
  });

  test.each([301, 302, 304, 307, 308, 400, 401, 404, 409, 422, 451])(
    '%i is an error, whatever Retry-After says',
    (status) => {
      expect(() => judge(answer(status, { headers: { 'retry-after': '7' } }), 1, 100)).toThrow(
        expect.objectContaining({ code: `http_${status}`, status, retryAfterMs: 7_000 }),
      );
    },
  );

  test.each([408, 425, 429, 500, 502, 503, 504, 599])(
    '%i is an error, and put off where it says for how long',
    (status) => {
      expect(() => judge(answer(status), 1, 100)).toThrow(expect.objectContaining({ code: `http_${status}`, status }));
      const asked = (seconds: number) => answer(status, { headers: { 'retry-after': String(seconds) } });
      expect(judge(asked(7), 1, 100)).toEqual({ kind: 'snoozed', delayMs: 7_000 });
      expect(judge(asked(999_999), 1, 100)).toEqual({ kind: 'snoozed', delayMs: 86_400_000 });
      expect(() => judge(asked(7), mostPutOff, 100)).toThrow(expect.objectContaining({ status, retryAfterMs: 7_000 }));
    },
  );

  test('410 puts the event back: its channel is paused', () => {
    expect(judge(answer(410), 1, 100)).toMatchObject({ kind: 'snoozed' });
  });

  test.each(['timeout', 'unreachable'] as const)('%s has a code of its own', (none) => {
    expect(() => judge(answer(undefined, { none }), 1, 100)).toThrow(
      expect.objectContaining({ code: `http_${none}`, status: undefined }),
    );
  });

  test('an address that was refused fails at once', () => {
    expect(judge(answer(undefined, { none: 'address_refused' }), 1, 100)).toMatchObject({
      kind: 'failed',
      code: 'http_address_refused',
    });
  });

  test('the beginning of a text is kept for pgrelay.failed, of anything else nothing', () => {
    const body = Buffer.from('ünot today');
    const message = (headers: Exchange['headers'], bytes: number) => {
      try {
        judge(answer(400, { headers, body }), 1, bytes);
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(message({ 'content-type': 'text/plain; charset=utf-8' }, 5)).toBe('http_400: ünot');
    expect(message({ 'content-type': 'application/problem+json' }, 1)).toBe('http_400: ');
    expect(message({ 'content-type': 'text/plain', 'content-encoding': 'gzip' }, 5)).toBe('http_400');
    expect(message({ 'content-type': 'image/png' }, 5)).toBe('http_400');
    expect(message({}, 5)).toBe('http_400');
    expect(message({ 'content-type': 'text/plain' }, 0)).toBe('http_400');
  });
});

describe('Retry-After', () => {
  const date = 'Fri, 27 Nov 2026 10:00:00 GMT';
  test.each([
    ['120', date, 120_000],
    [' 0 ', undefined, 0],
    ['Fri, 27 Nov 2026 10:01:30 GMT', date, 90_000],
    [['5', '7'], date, 5_000],
    ['Fri, 27 Nov 2026 10:01:30 GMT', undefined, undefined],
    ['Fri, 27 Nov 2026 09:00:00 GMT', date, undefined],
    ['soon', date, undefined],
    ['-1', date, undefined],
    ['1e9', date, undefined],
    [undefined, date, undefined],
  ])('%s, with date %s', (value, at, ms) => {
    expect(readRetryAfter(value, at)).toBe(ms);
  });
});
