import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';

const database = useDatabase();
const deliveries = new Deliveries(database);
const file = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const ca = file('receiver-cert.pem');
const seen: { readonly version: string; readonly body: string; readonly id: unknown }[] = [];
let server: Http2SecureServer;

beforeAll(async () => {
  server = createSecureServer({ cert: ca, key: file('receiver-key.pem'), allowHTTP1: true }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ version: request.httpVersion, body, id: request.headers['webhook-id'] });
      response.writeHead(request.url === '/busy' ? 503 : 200, { 'content-type': 'text/plain' });
      response.end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await deliveries.stop();
  await new Promise((resolve) => server.close(resolve));
});

const url = (path: string, host = 'localhost') => `https://${host}:${(server.address() as AddressInfo).port}${path}`;

test('HTTP/2 is used where it is offered, HTTP/1.1 where it is not wanted', async () => {
  await deliveries.start({ allowHttp: false, ca: [ca], allowAddresses: ['127.0.0.1', '::1'] });
  await deliveries.register('h2', url('/', '127.0.0.1'));
  const ids = [];
  for (let event = 0; event < 20; event += 1) ids.push(await deliveries.notify('h2', String(event)));
  for (const id of ids) expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  expect(new Set(seen.map(({ version }) => version))).toEqual(new Set(['2.0']));
  expect(seen.map(({ id }) => id).sort()).toEqual([...ids].sort());
  await deliveries.register('h2.busy', url('/busy', '127.0.0.1'), "p_retry_delays => '{}'");
  expect(await deliveries.ended(await deliveries.notify('h2.busy'))).toMatchObject([
    { outcome: 'failed', code: 'http_503' },
  ]);

  await deliveries.start({ allowHttp: false, ca: [ca], http2: false });
  expect(await deliveries.ended(await deliveries.notify('h2', '"one"'))).toMatchObject([{ outcome: 'done' }]);
  expect(seen.at(-1)).toMatchObject({ version: '1.1', body: '"one"' });
});

test('a certificate that nobody vouches for is no way to anywhere', async () => {
  await deliveries.start();
  await deliveries.register('untrusted', url('/', '127.0.0.1'), "p_retry_delays => '{}'");
  const before = seen.length;
  expect(await deliveries.ended(await deliveries.notify('untrusted'))).toMatchObject([{ code: 'http_unreachable' }]);
  expect(seen).toHaveLength(before);
});
