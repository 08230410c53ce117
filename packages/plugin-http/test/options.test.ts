import { http } from '@pgrelay/plugin-http';
import { RelayError } from '@pgrelay/relay-core';
import { describe, expect, test } from 'vitest';
import { judge } from '../src/judge.js';
import { defaultEndpointOptions } from '../src/options.js';

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
  const delays = defaultEndpointOptions.retryDelaysMs;

  test.each([200, 201, 204, 299])('%i is done', (status) => {
    expect(judge(status, 1, delays)).toEqual({ kind: 'done' });
  });

  test.each([301, 302, 307, 308, 400, 401, 404, 410, 422])('%i fails at once', (status) => {
    expect(judge(status, 1, delays)).toEqual({ kind: 'failed', code: `http_${status}` });
  });

  test.each([408, 425, 429, 500, 503, 599, 'timeout', 'unreachable'] as const)('%s is tried again', (answer) => {
    expect(judge(answer, 1, delays)).toEqual({ kind: 'retried', delayMs: 5_000, code: `http_${answer}` });
  });

  test('the schedule is 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, and then it fails', () => {
    const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => judge(503, attempt, delays));
    expect(pauses.map((outcome) => 'delayMs' in outcome && outcome.delayMs / 60_000)).toEqual([
      5 / 60,
      5,
      30,
      120,
      300,
      600,
    ]);
    expect(judge(503, 7, delays)).toMatchObject({ kind: 'failed', code: 'http_503' });
  });
});
