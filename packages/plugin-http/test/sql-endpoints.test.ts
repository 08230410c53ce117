import { verifyWebhook } from '@pgrelay/plugin-http';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newer = 'whsec_c29tZSBvdGhlciBzZWNyZXQgdGhhdCBpcyBsb25n';

beforeAll(async () => {
  await receiver.start();
  await deliveries.start({ endpoints: { 'in.code': { url: receiver.url('/code') } } });
});
afterAll(async () => {
  await deliveries.stop();
  await receiver.stop();
});

/** Sends events until one gets to this path: the running Processor has then taken up what the channel's endpoint is now. */
function delivered(channel: string, payload: string | null, path: string) {
  return until(async () => {
    const id = await deliveries.notify(channel, payload);
    await deliveries.ended(id);
    return receiver.to(path).find(({ headers }) => headers['webhook-id'] === id);
  }, `an event of ${channel} is at ${path}`);
}

test('a running Processor serves endpoints that are registered, changed and dropped, without a restart', async () => {
  await deliveries.register(
    'late',
    receiver.url('/late'),
    `p_headers => '{"X-Canary": "one"}', p_secrets => '{${secret}}'`,
  );
  const first = await delivered('late', '{"a":  1}', '/late');
  expect(first).toMatchObject({ method: 'POST', body: '{"a":  1}' });
  expect(first.headers).toMatchObject({ 'x-canary': 'one', 'content-type': 'application/json' });
  expect(verifyWebhook({ secrets: [secret], headers: first.headers, body: first.body }).id).toBe(
    first.headers['webhook-id'],
  );

  const change = `p_url => $1, p_method => 'PUT', p_headers => '{"content-type": "application/x.order+json"}',
    p_body_template => '{"order": "{{payload.a}}", "of": "{{event.channel}}"}', p_secrets => $2`;
  await database.query(`select pgrelay_http.alter_endpoint('late', ${change})`, [
    receiver.url('/moved'),
    [newer, secret],
  ]);
  const second = await delivered('late', '{"a": 2}', '/moved');
  expect(second).toMatchObject({ method: 'PUT', body: '{"of":"late","order":2}' });
  expect(second.headers['content-type']).toBe('application/x.order+json');
  for (const known of [secret, newer])
    expect(verifyWebhook({ secrets: [known], headers: second.headers, body: second.body }).id).toBeTruthy();

  await database.query("select pgrelay_http.alter_endpoint('late', p_body_template => 'null', p_secrets => '{}')");
  await until(async () => {
    const { body, headers } = await delivered('late', null, '/moved');
    return body === '' && headers['webhook-signature'] === undefined;
  }, 'template and secrets are gone');

  await database.query("select pgrelay_http.drop_endpoint('late')");
  expect(await database.query("select from pgrelay_http.endpoints where channel = 'late'")).toEqual([]);
  await expect(deliveries.notify('late')).rejects.toMatchObject({ code: 'PR001' });
});

test('a payload that is no JSON fails where there is a template, and only there', async () => {
  await deliveries.register('plain', receiver.url('/plain'));
  await deliveries.register('filled', receiver.url('/filled'), `p_body_template => '"{{payload}}"'`);
  expect((await delivered('plain', 'no json {', '/plain')).body).toBe('no json {');
  const id = await deliveries.notify('filled', 'no json {');
  expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'failed', code: 'payload_not_json' }]);
  expect((await delivered('filled', null, '/filled')).body).toBe('null');
});

test('the same again changes nothing; something else wants p_replace; what is declared in code is changed there', async () => {
  await deliveries.register('twice', receiver.url('/twice'));
  const version = async () =>
    (await database.query("select registered_at from pgrelay_http.endpoints where channel = 'twice'"))[0];
  const before = await version();
  await deliveries.register('twice', receiver.url('/twice'));
  expect(await version()).toEqual(before);
  await expect(deliveries.register('twice', receiver.url('/other'))).rejects.toMatchObject({ code: 'PR005' });
  await deliveries.register('twice', receiver.url('/other'), 'p_replace => true');
  expect(await version()).not.toEqual(before);

  await expect(deliveries.register('in.code', receiver.url('/x'))).rejects.toMatchObject({ code: 'PH007' });
  const alter = "select pgrelay_http.alter_endpoint('in.code', p_concurrency => 1)";
  await expect(database.query(alter)).rejects.toMatchObject({ code: 'PH007' });
  await expect(deliveries.start({ endpoints: { twice: { url: receiver.url('/x') } } })).rejects.toMatchObject({
    code: 'PLUGIN_HTTP_ENDPOINT_TAKEN',
  });
  await deliveries.start({ endpoints: { 'in.code': { url: receiver.url('/code') } } });
  await database.query("select pgrelay.register_channel('of.sql', 'select 1')");
  await expect(deliveries.register('of.sql', receiver.url('/x'))).rejects.toMatchObject({ code: 'PR005' });
  await expect(database.query("select pgrelay_http.drop_endpoint('of.sql')")).rejects.toMatchObject({ code: 'PH005' });
  await expect(database.query("select pgrelay_http.alter_endpoint('nowhere')")).rejects.toMatchObject({
    code: 'PH005',
  });
});

describe('refused at the call, and never quoted', () => {
  test.each([
    ['PH001', 'example.com/hunter2', ''],
    ['PH001', 'ftp://example.com/hunter2', ''],
    ['PH001', 'https://user:hunter2@example.com/', ''],
    ['PH001', 'https://example.com\\@hunter2/', ''],
    ['PH001', 'https://example.com/hunter2\r\nhost: x', ''],
    ['PH001', 'https://', ''],
    ['PH001', null, ''],
    ['PH002', 'https://example.com', `p_headers => '{"authorization": "hunter2\\r\\nx: y"}'`],
    ['PH002', 'https://example.com', `p_headers => '{"a b": "hunter2"}'`],
    ['PH002', 'https://example.com', `p_headers => '{"Host": "hunter2"}'`],
    ['PH002', 'https://example.com', `p_headers => '{"webhook-signature": "hunter2"}'`],
    ['PH002', 'https://example.com', `p_headers => '{"a": 1}'`],
    ['PH002', 'https://example.com', `p_headers => '["hunter2"]'`],
    ['PH003', 'https://example.com', `p_body_template => '{"a": "{{hunter2}}"}'`],
    ['PH003', 'https://example.com', `p_body_template => '{"a": [{"b": "{{payload"}]}'`],
    ['PH003', 'https://example.com', `p_body_template => '{"{{payload.hunter2}}": 1}'`],
    ['PH004', 'https://example.com', `p_secrets => '{hunter2}'`],
    ['PH004', 'https://example.com', `p_secrets => '{whsec_aHVudGVyMg==}'`],
    ['PH004', 'https://example.com', `p_secrets => '{"env:no name"}'`],
    ['PH004', 'https://example.com', `p_secrets => '{env:A,NULL}'`],
    ['PH006', 'https://example.com', `p_method => 'GET'`],
    ['PH006', 'https://example.com', `p_timeout => '0'`],
    ['PH006', 'https://example.com', `p_concurrency => 0`],
    ['PH006', 'https://example.com', `p_retry_delays => '{-1 s}'`],
    ['PH006', 'https://example.com', `p_alert_channel => 'refused'`],
    ['PR001', 'https://example.com', `p_alert_channel => 'no.such'`],
  ])('%s %j %s', async (code, url, more) => {
    const error = await deliveries.register('refused', url as string, more).then(
      () => undefined,
      (thrown: Error & { code: string; hint: string }) => thrown,
    );
    expect(error?.code).toBe(code);
    expect(`${error?.message} ${error?.hint}`).not.toContain('hunter2');
    expect(await database.query("select from pgrelay.channels where name = 'refused'")).toEqual([]);
  });

  test.each(['https://example.com', 'HTTPS://EXAMPLE.com:8443/a?b#c', 'http://[::1]:80/', 'https://münchen.example/ü'])(
    '%s is taken',
    async (url) => {
      await deliveries.register('taken', url, 'p_replace => true');
      expect(await database.query("select from pgrelay_http.endpoints where channel = 'taken'")).toHaveLength(1);
    },
  );
});

test('an endpoint that a Processor may not serve keeps its events, and is a problem until it is mended', async () => {
  await deliveries.start({ allowHttp: false });
  await deliveries.register('insecure', receiver.url('/insecure'));
  await deliveries.register('unset', 'https://example.com', "p_secrets => '{env:PGRELAY_TEST_NO_SUCH_VARIABLE}'");
  const id = await deliveries.notify('insecure');
  const refused = await until(async () => {
    const rows = (await deliveries.problems()).filter(({ code }) => code === 'http_endpoint_refused');
    return ['channel insecure', 'channel unset'].every((object) => rows.some((row) => row.object === object)) && rows;
  }, 'the problems are there');
  expect(refused.find(({ object }) => object === 'channel insecure')?.evidence).toContain('PLUGIN_HTTP_INSECURE');
  expect(refused.find(({ object }) => object === 'channel unset')?.evidence).toContain('PLUGIN_HTTP_SECRET_MISSING');
  expect(await database.query('select state, attempt from pgrelay.events where id = $1', [id])).toEqual([
    { state: 'ready', attempt: 0 },
  ]);
  await deliveries.start({ allowHttp: true });
  expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'done' }]);
  expect((await deliveries.problems()).filter(({ object }) => object === 'channel insecure')).toEqual([]);
});

test('admins register, viewers look and see no secret, nobody else does either', async () => {
  const admin = await database.connect(await database.login('pgrelay_admin'));
  await admin.query(
    `select pgrelay_http.register_endpoint('of.admin', 'https://example.com/canary-path?canary=1', p_headers => '{"authorization": "canary-header"}', p_body_template => '{"a": "canary-template"}', p_secrets => '{${secret},env:CANARY}')`,
  );
  const viewer = await database.connect(await database.login('pgrelay_viewer'));
  const { rows } = await viewer.query("select * from pgrelay_http.endpoints where channel = 'of.admin'");
  expect(rows).toMatchObject([
    {
      origin: 'https://example.com',
      header_names: ['authorization'],
      has_template: true,
      secrets: '2',
      concurrency: 16,
    },
  ]);
  expect(JSON.stringify(rows)).not.toMatch(/canary|whsec/i);
  await expect(viewer.query("select pgrelay_http.drop_endpoint('of.admin')")).rejects.toMatchObject({ code: '42501' });
  for (const client of [admin, viewer, await database.connect(await database.login('pgrelay'))]) {
    for (const table of ['endpoint', 'secret'])
      await expect(client.query(`select * from pgrelay_http.${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('select * from pgrelay_http.endpoints_v1()')).rejects.toMatchObject({ code: '42501' });
  }
});
