import { http } from '@pgrelay/plugin-http';
import { RelayError } from '@pgrelay/relay-core';
import { describe, expect, test } from 'vitest';
import { judge } from '../src/judge.js';
import { readRetryAfter } from '../src/retry-after.js';

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
  test.each([200, 201, 204, 299])('%i is done', (status) => {
    expect(judge({ status })).toBeUndefined();
  });

  test.each([301, 404, 503])('%i is an error with its code and status, and what the answer asks for', (status) => {
    expect(() => judge({ status, retryAfterMs: 7 })).toThrow(
      expect.objectContaining({ code: `http_${status}`, status, retryAfterMs: 7 }),
    );
  });

  test.each(['timeout', 'unreachable'] as const)('%s has a code of its own', (none) => {
    expect(() => judge({ none })).toThrow(expect.objectContaining({ code: `http_${none}`, status: undefined }));
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
