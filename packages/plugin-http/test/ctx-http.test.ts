import { type HttpResponse, verifyWebhook } from '@pgrelay/plugin-http';
import { AttemptError, defineHandler } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const answers: HttpResponse[] = [];
const errors: unknown[] = [];

beforeAll(async () => {
  await receiver.start();
  receiver.answer('/answer', (response) =>
    response.writeHead(201, { 'content-type': 'application/json' }).end('{"n": 1}'),
  );
  receiver.answer('/large', (response) => response.writeHead(200).end('x'.repeat(1_000)));
  receiver.answer('/moved', (response) => response.writeHead(302, { location: receiver.url('/answer') }).end());
  receiver.answer('/silent', () => undefined);
  receiver.answer('/busy', 503);
  const calls = [
    defineHandler('ask', async (event, ctx) => {
      const sign = { id: event.id, secrets: [secret] };
      answers.push(
        await ctx.http.request(receiver.url('/answer'), { json: event.payload, sign, headers: { 'X-Of': 'handler' } }),
      );
      answers.push(await ctx.http.request(receiver.url('/moved')));
    }),
    defineHandler('ask.wrong', async (_event, ctx) => {
      for (const [url, options] of [
        [receiver.url('/large'), { maxResponseBytes: 100 }],
        [receiver.url('/silent'), { timeoutMs: 50 }],
        ['http://localhost.test:1/', {}],
        [receiver.url('/answer').replace('127.0.0.1', '127.0.0.2'), {}],
        [receiver.url('/answer'), { headers: { a: 'b\r\nc: d' } }],
        ['https://user:hunter2@example.com', {}],
      ] as const)
        await ctx.http.request(url, options).catch((error) => errors.push(error));
    }),
    defineHandler('ask.busy', { retry: { delaysMs: [3_600_000], when: ['http:5xx'] } }, async (_event, ctx) => {
      const { status, ok } = await ctx.http.request(receiver.url('/busy'), { method: 'DELETE' });
      if (!ok) throw new AttemptError('bank_busy', { status });
    }),
  ];
  const lookup = (_name: string, _options: unknown, found: (...answer: unknown[]) => void) =>
    found(null, [{ address: '10.0.0.1', family: 4 }]);
  await deliveries.start({ lookup: lookup as never }, calls);
});
afterAll(async () => {
  await deliveries.stop();
  await receiver.stop();
});

test('handlers of other channels make requests, signed if they like, and follow no redirect', async () => {
  const id = await deliveries.notify('ask', '{"a":1}');
  expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'done' }]);
  expect(answers.map(({ status, ok }) => [status, ok])).toEqual([
    [201, true],
    [302, false],
  ]);
  expect(answers[0]?.json()).toEqual({ n: 1 });
  const [got] = receiver.to('/answer');
  expect(got).toMatchObject({ method: 'POST', body: '{"a":1}' });
  expect(got?.headers).toMatchObject({ 'x-of': 'handler', 'content-type': 'application/json' });
  expect(verifyWebhook({ secrets: [secret], headers: got?.headers ?? {}, body: got?.body ?? '' }).id).toBe(id);
  expect(receiver.to('/answer')).toHaveLength(1);
});

test('the limits and the address rules of the plugin hold for them', async () => {
  expect(await deliveries.ended(await deliveries.notify('ask.wrong'))).toMatchObject([{ outcome: 'done' }]);
  expect(errors.map((error) => (error as AttemptError).code)).toEqual([
    'http_response_too_large',
    'http_timeout',
    'http_address_refused',
    'PLUGIN_HTTP_ADDRESS_REFUSED',
    'PLUGIN_HTTP_HEADER_INVALID',
    'PLUGIN_HTTP_URL_INVALID',
  ]);
  expect(String(errors)).not.toContain('hunter2');
});

test('what they throw is judged by the retry policy, as any error', async () => {
  const id = await deliveries.notify('ask.busy');
  expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'retried', code: 'bank_busy' }]);
  expect(receiver.to('/busy')).toMatchObject([{ method: 'DELETE', body: '' }]);
});
