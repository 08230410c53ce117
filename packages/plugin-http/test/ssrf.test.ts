import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);
const at = (address: string) => receiver.url('/').replace('127.0.0.1', address);

beforeAll(() => receiver.start('0.0.0.0'));
afterAll(async () => {
  await deliveries.stop();
  await receiver.stop();
});

/** A resolver that answers as it is told, one answer a look-up, the last one again and again. */
function answering(...answers: readonly (readonly string[])[]): { readonly lookup: LookupFunction; asked: number } {
  const resolver = {
    asked: 0,
    lookup: ((_hostname, _options, callback) => {
      const answer = answers[Math.min(resolver.asked, answers.length - 1)] ?? [];
      resolver.asked += 1;
      callback(
        null,
        answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as LookupFunction,
  };
  return resolver;
}

interface Attempt {
  readonly status: number | null;
  readonly code: string | null;
  readonly bytes: number;
}

async function attempts(id: string): Promise<Attempt[]> {
  return database.query<Attempt & Record<string, unknown>>(
    'select status, code, response_bytes::integer as bytes from pgrelay_http.attempts where event_id = $1 order by attempt',
    [id],
  );
}

describe('the address is checked when the connection is made', () => {
  test('a name that leads to an allowed address first and to 127.0.0.1 when it counts gets nothing the second time', async () => {
    // 127.0.0.2 is the address that is allowed here, as a public one is.
    const resolver = answering(['127.0.0.2'], ['127.0.0.1']);
    await deliveries.start({ allowAddresses: ['127.0.0.2'], lookup: resolver.lookup });
    receiver.answer('/rebind', (response) => response.writeHead(200, { connection: 'close' }).end());
    await deliveries.register('rebind', at('rebind.test').replace(/\/$/, '/rebind'));
    expect(await deliveries.ended(await deliveries.notify('rebind'))).toMatchObject([{ outcome: 'done' }]);
    const second = await deliveries.notify('rebind');
    expect(await deliveries.ended(second)).toMatchObject([{ outcome: 'failed', code: 'http_address_refused' }]);
    expect(await attempts(second)).toEqual([{ status: null, code: 'http_address_refused', bytes: 0 }]);
    expect(receiver.to('/rebind')).toHaveLength(1);
    expect(resolver.asked).toBe(2);
  });

  test.each([
    ['one of two', ['127.0.0.2', '127.0.0.1']],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1']],
    ['6to4', ['2002:7f00:1::']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['any address of this host', ['0.0.0.0']],
    ['none', []],
  ])('%s', async (name, answer) => {
    await deliveries.start({ allowAddresses: ['127.0.0.2'], lookup: answering(answer).lookup });
    const channel = `answer.${name}`;
    await deliveries.register(channel, at('some.test'));
    const before = receiver.received.length;
    expect(await deliveries.ended(await deliveries.notify(channel))).toMatchObject([
      { outcome: 'failed', code: 'http_address_refused' },
    ]);
    expect(receiver.received).toHaveLength(before);
  });

  test('localhost, by the system resolver', async () => {
    await deliveries.start({ allowAddresses: [] });
    await deliveries.register('localhost', at('localhost'));
    expect(await deliveries.ended(await deliveries.notify('localhost'))).toMatchObject([
      { code: 'http_address_refused' },
    ]);
  });

  test.each(['127.1', '0x7f.1', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', '127.0.0.1'])(
    'a number of a host, %s, is not served, and its events wait',
    async (host) => {
      await deliveries.start({ allowAddresses: ['127.0.0.2'] });
      await deliveries.register(`number.${host}`, at(host));
      await deliveries.notify(`number.${host}`);
      await deliveries.start({ allowAddresses: ['127.0.0.2'] });
      expect(
        (await deliveries.problems()).find(({ object }) => object === `channel number.${host}`)?.evidence,
      ).toContain('PLUGIN_HTTP_ADDRESS_REFUSED');
    },
  );
});

describe('what the other side may send', () => {
  async function ends(channel: string, more = "p_retry_delays => '{}'", options = {}) {
    await deliveries.start(options);
    await deliveries.register(channel, receiver.url(`/${channel}`), more);
    const id = await deliveries.notify(channel);
    const [ended] = await deliveries.ended(id);
    return { ...ended, ...(await attempts(id))[0] };
  }

  test('a giant answer is read up to the limit, and its status counts', async () => {
    receiver.answer('/giant', (response) => {
      response.writeHead(200);
      const more = () => response.write(Buffer.alloc(65_536), (error) => (error ? undefined : more()));
      more();
    });
    const ended = await ends('giant', undefined, { maxResponseBytes: 100_000 });
    expect(ended).toMatchObject({ outcome: 'done', status: 200 });
    expect(ended.bytes).toBeLessThan(100_000 + 65_536 * 2);
  });

  test('an answer whose headers never end is given up', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-more: and more\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await deliveries.start();
    await deliveries.register(
      'drip',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      "p_timeout => '300 ms', p_retry_delays => '{}'",
    );
    expect(await deliveries.ended(await deliveries.notify('drip'))).toMatchObject([
      { outcome: 'failed', code: 'http_timeout' },
    ]);
    await new Promise((resolve) => server.close(resolve));
  });

  test('headers that are too long are no answer', async () => {
    receiver.answer('/headers', (response) => response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end());
    expect(await ends('headers')).toMatchObject({ outcome: 'failed', code: 'http_unreachable' });
  });

  test('a compression bomb stays packed', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    receiver.answer('/bomb', (response) =>
      response.writeHead(400, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(bomb),
    );
    expect(await ends('bomb')).toMatchObject({ outcome: 'failed', code: 'http_400', bytes: bomb.length });
    expect(receiver.to('/bomb')[0]?.headers['accept-encoding']).toBe('identity');
    expect(await database.query("select message from pgrelay.failed where channel = 'bomb'")).toEqual([
      { message: 'http_400' },
    ]);
  });

  test('a body that is longer than may be sent fails at once, unsent', async () => {
    await deliveries.start({ maxRequestBytes: 10 });
    await deliveries.register('long', receiver.url('/long'));
    const id = await deliveries.notify('long', '"longer than ten"');
    expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'failed', code: 'http_request_too_large' }]);
    expect(receiver.to('/long')).toEqual([]);
  });
});
