import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);
/** What must be nowhere: the secrets as given and as octets, and everything else that one of the two sides said. */
const octets = Buffer.from('canary-octets-of-a-secret-key-00');
const sqlSecret = `whsec_${octets.toString('base64')}`;
const codeSecret = `whsk_${octets.toString('base64')}`;
const found = new RegExp(
  ['canary', octets.toString('base64').slice(0, 20), octets.toString('hex').slice(0, 20)].join('|'),
);

beforeAll(async () => {
  process.env['PGRELAY_TEST_SECRET'] = sqlSecret;
  await receiver.start();
});
afterAll(async () => {
  delete process.env['PGRELAY_TEST_SECRET'];
  await deliveries.stop();
  await receiver.stop();
});

test('secrets, URLs, headers, payloads and answers are in no log, view, problem, error or row of the audit', async () => {
  const say = (status: number) => (response: import('node:http').ServerResponse) =>
    response.writeHead(status, { 'content-type': 'text/plain', 'x-canary': 'canary-answer' }).end('canary-answer');
  const paths = [200, 302, 400, 410, 500].map(
    (status) => [status, receiver.answer(`/canary-${status}?t=canary`, say(status))] as const,
  );
  const headers = `p_headers => '{"authorization": "canary-header"}', p_retry_delays => '{0 s}'`;
  await deliveries.start({
    endpoints: {
      code: {
        url: receiver.url('/canary-code'),
        headers: { a: 'canary-header' },
        secrets: [codeSecret, 'env:PGRELAY_TEST_SECRET'],
      },
    },
  });
  for (const [status, url] of paths)
    await deliveries.register(
      `s.${status}`,
      url,
      `${headers}, p_alert_after => 1, p_secrets => '{${sqlSecret},env:PGRELAY_TEST_SECRET}'`,
    );
  await deliveries.register(
    's.template',
    receiver.url('/t'),
    `${headers}, p_body_template => '{"a": "canary-template {{payload.a}}"}'`,
  );
  await deliveries.register(
    's.unset',
    'https://example.com/canary',
    "p_secrets => '{env:PGRELAY_TEST_NO_SUCH_VARIABLE}'",
  );
  process.env['PGRELAY_TEST_BROKEN'] = 'canary-broken-secret';
  await deliveries.register('s.broken', 'https://example.com/canary', "p_secrets => '{env:PGRELAY_TEST_BROKEN}'");
  await deliveries.register('s.nowhere', 'http://nowhere.invalid/canary', "p_retry_delays => '{}'");
  const payload = '{"a": "canary-payload"}';
  const channels = ['code', 's.200', 's.302', 's.400', 's.410', 's.500', 's.template', 's.nowhere'];
  for (const channel of channels)
    await deliveries.ended(await deliveries.notify(channel, payload), channel === 's.500' ? 2 : 1);
  await until(async () => (await deliveries.problems()).length >= 4, 'the problems are there');
  delete process.env['PGRELAY_TEST_BROKEN'];

  const viewer = await database.connect(await database.login('pgrelay_viewer'));
  const admin = await database.connect(await database.login('pgrelay_admin'));
  const relations = await database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c where c.relnamespace in ('pgrelay'::regnamespace, 'pgrelay_http'::regnamespace)
       and c.relkind in ('r', 'p', 'v') and has_table_privilege('pgrelay_admin', c.oid, 'select')`,
  );
  expect(relations.length).toBeGreaterThan(12);
  // Payloads, and what the server said about them, are in these three alone, and secrets not even there.
  const payloads = ['pgrelay.queue', 'pgrelay.delayed', 'pgrelay.failed'];
  for (const { name } of relations) {
    const text = JSON.stringify((await admin.query(`select x::text from ${name} x`)).rows);
    if (payloads.includes(name)) expect(text).not.toMatch(/canary-(header|code|octets|template|broken)|whsec_|whsk_/);
    else expect({ name, text: text.match(found) }).toEqual({ name, text: null });
  }
  for (const call of [
    'pgrelay.get_problems()',
    'pgrelay_http.get_http_problems()',
    'pgrelay_http.endpoints',
    'pgrelay_http.attempts',
    'pgrelay.log',
  ])
    expect(JSON.stringify((await viewer.query(`select x::text from ${call} x`)).rows)).not.toMatch(found);

  // The excerpt of the answer is beside the payload of an event that failed for good, under the same grants, and nowhere else.
  const { rows } = await admin.query(
    "select channel, message from pgrelay.failed where channel in ('s.400', 's.500') order by 1",
  );
  expect(rows).toEqual([
    { channel: 's.400', message: 'http_400: canary-answer' },
    { channel: 's.500', message: 'http_500: canary-answer' },
  ]);
  await expect(viewer.query('select message from pgrelay.failed')).rejects.toMatchObject({ code: '42501' });

  expect(deliveries.lines.length).toBeGreaterThan(7);
  expect(deliveries.lines.filter((line) => found.test(line) || /whsec|whsk|127\.0\.0\.1/.test(line))).toEqual([]);
});
