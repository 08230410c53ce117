import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { type HttpOptions, http } from '@pgrelay/plugin-http';
import { defineHandler, Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { type Logger, pino } from 'pino';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

const db = useDatabase();
const token = 'canary-token-one-1234';
const bearer = { authorization: `Bearer ${token}` };
const lines: string[] = [];
const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
const started: Processor[] = [];

beforeAll(async () => {
  await db.query(
    "select pgrelay.register_channel(c, p_mode => 'leased') from unnest('{in.a,in.b,in.text,in.signed,in.off,in.closed}'::text[]) c",
  );
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((processor) => processor.stop()));
});

const channels = { 'in.a': {}, 'in.b': {}, 'in.text': { payload: 'text' } } as const;
type Inbound = NonNullable<HttpOptions['inbound']>;

/** A Processor that takes events by HTTP; what to send them to. */
async function receiving(inbound: Partial<Inbound> = {}, options: Partial<ProcessorOptions> = {}) {
  const plugins = [http({ inbound: { channels, tokens: [token], ...inbound } })];
  const processor = new Processor({
    connectionString: db.url,
    plugins,
    server: { port: 0 },
    log,
    pollIntervalMs: 20,
    ...options,
  });
  started.push(processor);
  await processor.start();
  return (channel: string, headers: Record<string, string> = {}, body: string | Uint8Array = '{"n": 1}') =>
    post(`${processor.url}/channels/${channel}/events`, { 'content-type': 'application/json', ...headers }, body);
}

async function post(url: string, headers: Record<string, string>, body: string | Uint8Array) {
  const response = await fetch(url, { method: 'POST', headers, body });
  const json = (await response.json()) as {
    id?: string;
    repeated?: boolean;
    error?: { code: string; message: string };
  };
  return { status: response.status, headers: response.headers, json, code: json.error?.code };
}

const waiting = (channel: string) =>
  db.query<{ id: string; payload: string }>(
    'select q.id::text, q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where c.name = $1 order by q.id',
    [channel],
  );
const empty = () =>
  db
    .query('set role pgrelay_owner')
    .then(() => db.query('delete from pgrelay.queue'))
    .then(() => db.query('reset role'));

afterEach(empty);

describe('POST /channels/:name/events', () => {
  test('is off by default, and asks for a server', async () => {
    const plain = new Processor({ connectionString: db.url, plugins: [http()], server: { port: 0 }, log });
    started.push(plain);
    await plain.start();
    expect(await post(`${plain.url}/channels/in.a/events`, bearer, '{}')).toMatchObject({
      status: 404,
      code: 'RELAY_ROUTE_UNKNOWN',
    });
    await expect(receiving({}, { server: undefined as never })).rejects.toMatchObject({
      code: 'PLUGIN_HTTP_INBOUND_UNSERVED',
    });
  });

  test('takes an event as it came; a handler gets it', async () => {
    const seen: unknown[] = [];
    const send = await receiving(
      { channels: { ...channels, 'in.handled': {} } },
      {
        handlers: [defineHandler('in.handled', (event) => void seen.push([event.id, event.payload]))],
      },
    );
    const body = '{ "name":  "Ada", "n": 12345678901234567890 }';
    const answer = await send('in.a', bearer, body);
    expect(answer).toMatchObject({ status: 202, json: { repeated: false } });
    expect(await waiting('in.a')).toEqual([{ id: answer.json.id, payload: body }]);
    const handled = await send('in.handled', bearer, '[1]');
    await until(async () => seen.length === 1, 'it has run');
    expect(seen).toEqual([[handled.json.id, [1]]]);
  });

  test('wants one of the tokens, and says nothing of channels to who has none', async () => {
    const second = 'canary-token-two-1234';
    const send = await receiving({ tokens: [token, second] });
    for (const headers of [{}, { authorization: 'Bearer canary-token-one-123' }, { authorization: `Basic ${token}` }]) {
      const answer = await send('in.a', headers);
      expect(answer).toMatchObject({ status: 401, code: 'PLUGIN_HTTP_TOKEN_INVALID' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await send('in.unknown', headers)).toMatchObject({ status: 401 });
    }
    expect((await send('in.a', { authorization: `bearer ${second}` })).status).toBe(202);
    expect(await send('in.closed', bearer)).toMatchObject({ status: 404, code: 'RELAY_CHANNEL_UNKNOWN' }); // registered, not listed
    expect(await waiting('in.closed')).toEqual([]);
  });

  test('a channel may have tokens of its own', async () => {
    const own = 'canary-token-own-1234';
    const send = await receiving({ channels: { 'in.a': { tokens: [own] }, 'in.b': {} } });
    expect((await send('in.a', bearer)).status).toBe(401);
    expect((await send('in.a', { authorization: `Bearer ${own}` })).status).toBe(202);
    expect((await send('in.b', { authorization: `Bearer ${own}` })).status).toBe(401);
  });
});

describe('a signed request (Standard Webhooks)', () => {
  const secret = 'whsec_Y2FuYXJ5LXNlY3JldC1vZi0yNC1vY3RldHM=';
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const whpk = `whpk_${spki.subarray(-32).toString('base64')}`;
  const body = '{"type": "paid"}';

  function headersOf(key: string | KeyObject, at = Date.now(), id: string = randomUUID(), text = body) {
    const timestamp = String(Math.floor(at / 1_000));
    const content = `${id}.${timestamp}.${text}`;
    const signature =
      typeof key === 'string'
        ? `v1,${createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
            .update(content)
            .digest('base64')}`
        : `v1a,${sign(null, Buffer.from(content), key).toString('base64')}`;
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  }

  const signed = { channels: { 'in.signed': { tokens: [], secrets: [secret, whpk] } } };

  test('v1 and v1a pass; another key, body or no signature at all does not', async () => {
    const send = await receiving(signed);
    const ours = headersOf(secret);
    expect(await send('in.signed', ours, body)).toMatchObject({ status: 202 });
    expect(await send('in.signed', headersOf(privateKey), body)).toMatchObject({ status: 202 });
    const theirs = headersOf('whsec_b3RoZXItc2VjcmV0LW9mLTI0LW9jdGV0cyE=');
    const rotated = { ...ours, 'webhook-id': randomUUID() };
    for (const headers of [theirs, rotated, {}]) {
      expect(await send('in.signed', headers, body)).toMatchObject({
        status: 401,
        code: 'PLUGIN_HTTP_SIGNATURE_INVALID',
      });
    }
    expect(await send('in.signed', headersOf(secret), '{"type": "refunded"}')).toMatchObject({ status: 401 });
    const both = headersOf(secret);
    const several = { ...both, 'webhook-signature': `${theirs['webhook-signature']} ${both['webhook-signature']}` };
    expect(await send('in.signed', several, body)).toMatchObject({ status: 202 });
    expect(await waiting('in.signed')).toHaveLength(3);
  });

  test('too old or from the future, by the clock of the database', async () => {
    const send = await receiving(signed);
    for (const at of [Date.now() - 301_000, Date.now() + 330_000]) {
      const answer = await send('in.signed', headersOf(secret, at), body);
      expect(answer).toMatchObject({ status: 401, code: 'PLUGIN_HTTP_SIGNATURE_EXPIRED' });
    }
    expect(await waiting('in.signed')).toEqual([]);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: now + 3_600_000 }); // the clock here is an hour ahead
    try {
      expect((await send('in.signed', headersOf(secret, now + 3_600_000), body)).code).toBe(
        'PLUGIN_HTTP_SIGNATURE_EXPIRED',
      );
      expect((await send('in.signed', headersOf(secret, now), body)).status).toBe(202);
    } finally {
      vi.useRealTimers();
    }
  });

  test("the specification's own example passes, where it is not too old", async () => {
    const send = await receiving({
      channels: { 'in.signed': { tokens: [], secrets: ['whsec_plJ3nmyCDGBKInavdOK15jsl'] } },
      toleranceMs: 86_400_000,
    });
    const example = {
      'webhook-id': 'msg_loFOjxBNrRLzqYUf',
      'webhook-timestamp': '1731705121',
      'webhook-signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    };
    const given = '{"event_type":"ping","data":{"success":true}}';
    expect(await send('in.signed', example, given)).toMatchObject({ code: 'PLUGIN_HTTP_SIGNATURE_EXPIRED' });
    expect(await send('in.signed', example, `${given} `)).toMatchObject({ code: 'PLUGIN_HTTP_SIGNATURE_INVALID' });
  });

  test('is one event however often it is sent, under whatever other key', async () => {
    const send = await receiving(signed);
    const headers = headersOf(secret);
    const first = await send('in.signed', headers, body);
    const again = await send('in.signed', { ...headers, 'idempotency-key': 'another' }, body);
    expect(again).toMatchObject({ status: 200, json: { id: first.json.id, repeated: true } });
    const retried = await send('in.signed', headersOf(secret, Date.now() + 2_000, headers['webhook-id']), body);
    expect(retried).toMatchObject({ status: 200, json: { id: first.json.id, repeated: true } });
    expect(await waiting('in.signed')).toHaveLength(1);
  });

  test('with tokens and secrets both are asked for', async () => {
    const send = await receiving({ channels: { 'in.signed': { secrets: [secret] } } });
    expect((await send('in.signed', headersOf(secret), body)).code).toBe('PLUGIN_HTTP_TOKEN_INVALID');
    expect((await send('in.signed', bearer, body)).code).toBe('PLUGIN_HTTP_SIGNATURE_INVALID');
    expect((await send('in.signed', { ...headersOf(secret), ...bearer }, body)).status).toBe(202);
  });
});

describe('a key', () => {
  const keyed = (key: string) => ({ ...bearer, 'idempotency-key': key });

  test('makes a repetition known, after the event has ended, too; it holds for its channel and its body', async () => {
    const send = await receiving();
    const first = await send('in.a', keyed('k1'));
    expect(first).toMatchObject({ status: 202, json: { repeated: false } });
    await empty(); // it has run and is gone from the queue
    for (const headers of [keyed('k1'), keyed('"k1"'), { ...bearer, 'webhook-id': 'k1' }]) {
      expect(await send('in.a', headers)).toMatchObject({ status: 200, json: { id: first.json.id, repeated: true } });
    }
    expect(await waiting('in.a')).toEqual([]);
    expect(await send('in.b', keyed('k1'))).toMatchObject({ status: 202, json: { repeated: false } });
    expect(await send('in.a', keyed('k1'), '{"n": 2}')).toMatchObject({ status: 422, code: 'PLUGIN_HTTP_KEY_REUSED' });
    expect(await send('in.a', keyed('x'.repeat(256)))).toMatchObject({ status: 400, code: 'PLUGIN_HTTP_KEY_INVALID' });
    const [one, other] = [await send('in.a', bearer), await send('in.a', bearer)];
    expect(one.json.id).not.toBe(other.json.id);
  });

  test('sent by many at once, to two Processors, makes one event', async () => {
    const [one, two] = [await receiving(), await receiving()];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? one : two)('in.a', keyed('race'))),
    );
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(39);
    expect(await waiting('in.a')).toHaveLength(1);
    const connections = await db.query(
      "select from pg_stat_activity where application_name = 'pgrelay http inbound' and datname = current_database()",
    );
    expect(connections).toHaveLength(2); // one for each Processor
  });

  test('may be required, and is forgotten after its time', async () => {
    const send = await receiving({ channels: { 'in.a': { requireKey: true } } });
    expect(await send('in.a', bearer)).toMatchObject({ status: 400, code: 'PLUGIN_HTTP_KEY_INVALID' });
    const first = await send('in.a', keyed('old'));
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay_http.receipt set received_at = received_at - interval '8 days' where key = 'old'");
    await db.query('reset role');
    expect(await db.query("select pgrelay_http.forget_receipts_v1('7 days') as gone")).toEqual([{ gone: 1 }]);
    expect((await send('in.a', keyed('old'))).json.id).not.toBe(first.json.id);
  });

  test('that another transaction is just using is waited for, not for ever', async () => {
    const send = await receiving();
    const holder = await db.session('holder');
    await holder.query('begin');
    await holder.query("select pgrelay_http.receive_v1('in.a', '{\"n\": 1}', 'held', null, null)");
    const answer = await send('in.a', keyed('held'));
    expect(answer).toMatchObject({ status: 503, code: 'PLUGIN_HTTP_INBOUND_UNAVAILABLE' });
    expect(answer.headers.get('retry-after')).toBe('1');
    await holder.query('commit');
    expect(await send('in.a', keyed('held'))).toMatchObject({ status: 200, json: { repeated: true } });
  });
});

describe('what cannot be a payload is refused, and nothing is stored:', () => {
  test('no JSON, no UTF-8, NUL, another type, compressed, too long', async () => {
    const send = await receiving({ bodyLimitBytes: 1_000 });
    const bad = { status: 400, code: 'PLUGIN_HTTP_PAYLOAD_INVALID' };
    expect(await send('in.a', bearer, '{"n": ')).toMatchObject(bad);
    expect(await send('in.a', bearer, '')).toMatchObject(bad);
    expect(await send('in.a', bearer, new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject(bad);
    expect(await send('in.text', bearer, 'a\0b')).toMatchObject(bad);
    const unsupported = { status: 415, code: 'PLUGIN_HTTP_PAYLOAD_INVALID' };
    expect(await send('in.a', { ...bearer, 'content-type': 'text/plain' })).toMatchObject(unsupported);
    expect(await send('in.a', { ...bearer, 'content-encoding': 'gzip' })).toMatchObject(unsupported);
    expect(await send('in.a', bearer, `"${'x'.repeat(1_000)}"`)).toMatchObject({
      status: 413,
      code: 'RELAY_BODY_TOO_LARGE',
    });
    expect(await waiting('in.a')).toEqual([]);
    const text = { ...bearer, 'content-type': 'text/plain' };
    expect(await send('in.text', text, 'grüße')).toMatchObject({ status: 202 });
    expect((await waiting('in.text')).map(({ payload }) => payload)).toEqual(['grüße']);
    expect(
      (await send('in.a', { ...bearer, 'content-type': 'application/cloudevents+json; charset=utf-8' })).status,
    ).toBe(202);
  });

  test('one that the handler here would refuse: the fields are named, the values are not', async () => {
    const schema = z.object({ pieces: z.int().positive() });
    const send = await receiving(
      { channels: { 'in.typed': {} } },
      { handlers: [defineHandler('in.typed', { payload: schema }, () => undefined)] },
    );
    const answer = await send('in.typed', bearer, '{"pieces": "canary-payload"}');
    expect(answer).toMatchObject({ status: 422, code: 'RELAY_PAYLOAD_INVALID' });
    expect(answer.json.error?.message).toContain('pieces');
    expect(JSON.stringify(answer.json)).not.toContain('canary-payload');
    expect((await send('in.typed', bearer, '{"pieces": 2}')).status).toBe(202);
  });

  test('one that is too long for its channel; a channel that is disabled, or is not registered', async () => {
    await db.query(
      "select pgrelay.register_channel('in.small', p_mode => 'leased', p_max_payload => 10), pgrelay.disable_channel('in.off')",
    );
    const send = await receiving({ channels: { 'in.small': {}, 'in.off': {}, 'in.nowhere': {} } });
    expect(await send('in.small', bearer, '"12345678901"')).toMatchObject({
      status: 413,
      code: 'RELAY_PAYLOAD_TOO_LARGE',
    });
    const keyed = { ...bearer, 'idempotency-key': 'closed' };
    expect(await send('in.off', keyed)).toMatchObject({ status: 503, code: 'RELAY_CHANNEL_DISABLED' });
    expect(await send('in.nowhere', bearer)).toMatchObject({ status: 404, code: 'RELAY_CHANNEL_UNKNOWN' });
    await db.query("select pgrelay.resume_channel('in.off')");
    expect(await send('in.off', keyed)).toMatchObject({ status: 202 }); // a refusal uses no key up
  });
});

test('a lost connection is one 503 at most, and the next request has another; the Processor has two more connections and this one', async () => {
  const send = await receiving();
  expect((await send('in.a', bearer)).status).toBe(202);
  await db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgrelay http inbound' and datname = current_database()",
  );
  const answer = await until(async () => {
    const got = await send('in.a', { ...bearer, 'idempotency-key': 'after' });
    expect([200, 202, 503]).toContain(got.status);
    return got.status !== 503 && got;
  }, 'it is taken');
  expect(answer.json.id).toBeDefined();
  const mine = await db.query(
    "select from pg_stat_activity where application_name ~ '^pgrelay (control|heartbeat|worker 1|http inbound)$' and datname = current_database()",
  );
  expect(mine).toHaveLength(4);
});

test('no payload, token or secret was ever logged', () => {
  const all = lines.join('');
  expect(all).toContain('HTTP server listens');
  for (const secret of ['canary-token', 'canary-payload', 'Y2FuYXJ5', 'Ada', 'refunded'])
    expect(all).not.toContain(secret);
});
