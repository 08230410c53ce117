import { defineHandler, type Plugin, type PluginHost, Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { ask, codes } from './support/ask.js';
import { logLines } from './support/log-lines.js';
import { running, untilIdle } from './support/running.js';
import { TcpProxy } from './support/tcp-proxy.js';

const db = useDatabase();
const server = { port: 0 } as const;

function plugin(setup: (host: PluginHost) => void, sql?: Plugin['sql']): Plugin {
  return { name: 'look', version: '1.0.0', sql, setup };
}

/** A running Processor with a server, and its questions. */
async function served(options: Partial<ProcessorOptions> = {}) {
  const { processor, lines } = await running(db, { server, ...options });
  const { url } = processor;
  if (url === undefined) throw new Error('it does not listen');
  return { processor, lines, url, ready: () => ask(`${url}/readyz`), healthy: () => ask(`${url}/healthz`) };
}

/** Until it is not ready for exactly these reasons. */
const untilCodes = (ready: () => ReturnType<typeof ask>, ...wanted: string[]) =>
  until(async () => {
    const answer = await ready();
    return codes(answer).join() === wanted.join() && answer;
  }, `the reasons are [${wanted}]`);

describe('the HTTP server of a Processor', () => {
  test('is off unless it is asked for', async () => {
    let isServed: boolean | undefined;
    const { processor } = await running(db, {
      plugins: [
        plugin((host) => {
          isServed = host.routes.served;
          host.routes.add({ method: 'GET', path: '/look', handler: () => ({}) });
        }),
      ],
    });
    expect(processor.url).toBeUndefined();
    expect(isServed).toBe(false);
  });

  test('listens on 127.0.0.1 and says that a Processor that works is healthy and ready', async () => {
    const { url, ready, healthy, processor } = await served();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(await ready()).toMatchObject({ status: 200, json: { status: 'ready', reasons: [] } });
    const alive = await healthy();
    expect(alive).toMatchObject({
      status: 200,
      json: { status: 'healthy', phase: 'working', slot: processor.slot, lease: 'valid', reasons: [] },
    });
    expect(alive.json['eventLoopBlockedMs']).toBeTypeOf('number');
    expect(alive.headers['cache-control']).toBe('no-store');
    expect(await ask(`${url}/readyz`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  test('a port in use is a coded error before anything starts', async () => {
    const { url } = await served();
    const { log } = logLines();
    const port = Number(new URL(url).port);
    const second = new Processor({ connectionString: db.url, log, server: { port } });
    const error = await second.start().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'RelayError', code: 'RELAY_SERVER_PORT_TAKEN' });
    expect((error as Error).message).toContain(String(port));
    expect(await db.query('select from pgrelay.processors')).toHaveLength(1);
    const nowhere = new Processor({ connectionString: db.url, log, server: { port: 0, host: '192.0.2.1' } });
    await expect(nowhere.start()).rejects.toMatchObject({ code: 'RELAY_SERVER_ADDRESS_INVALID' });
  });

  test.each([
    [{ port: 70_000 }, 'server.port is 70000'],
    [{ port: '80' }, 'server.port is "80"'],
    [{ port: 0, host: '' }, 'server.host is ""'],
    [{ port: 0, hots: '::' }, 'server has no "hots"'],
    [{ port: 0, requestTimeoutMs: 1_000 }, 'server.requestTimeoutMs is shorter'],
    [8080, 'server is 8080'],
  ])('%j is refused before anything starts', (option, message) => {
    const make = () => new Processor({ connectionString: db.url, server: option as { port: number } });
    expect(make).toThrow(expect.objectContaining({ code: 'RELAY_OPTION_INVALID' }));
    expect(make).toThrow(message);
  });
});

describe('/readyz says why not:', () => {
  test('stopping, while handlers still run; and then nobody listens any more', async () => {
    let finish = () => {};
    const { processor, ready, url } = await served({
      handlers: [
        defineHandler('h.slow', () => {
          return new Promise<void>((resolve) => {
            finish = resolve;
          });
        }),
      ],
    });
    await db.query("select pgrelay.notify('h.slow')");
    await until(
      async () => (await db.query('select from pgrelay.queue where slot is not null')).length === 1,
      'it runs',
    );
    expect((await ready()).status).toBe(200);
    const stopped = processor.stop();
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ status: 'not ready', reasons: [{ code: 'stopping' }] });
    expect((await ask(`${url}/healthz`)).json).toMatchObject({ status: 'healthy', phase: 'stopping' });
    finish();
    await stopped;
    await expect(ready()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await untilIdle(db, 'h.slow');
  });

  test('no slot, and which code keeps one from it; healthy all the same', async () => {
    const { ready, healthy, processor } = await served({ leaseMs: 500 });
    const others = await db.session('others');
    await others.query('begin');
    await others.query('update pgrelay.instance set alive = false where alive');
    await others.query("select pgrelay.attach_v1('h', 1, 'test', 3600000, 1, '{}') from generate_series(1, 64)");
    await others.query('commit');
    const answer = await until(async () => {
      const asked = await ready();
      return asked.text.includes('RELAY_NO_FREE_SLOT') && asked;
    }, 'it says that it has no slot');
    expect(answer.status).toBe(503);
    expect(codes(answer)).toEqual(['no_slot']);
    expect(await healthy()).toMatchObject({ status: 200, json: { lease: 'none' } });
    await db.query("select pgrelay.detach_v1(slot, epoch) from pgrelay.processors where host = 'h'");
    await until(async () => (await ready()).status === 200, 'it is ready again');
    expect(processor.slot).toBeDefined();
  });

  test('the schema of a plugin is behind, which one, and no longer once it is migrated', async () => {
    const module = { name: 'look_sql', directory: new URL('./fixtures/look-module/', import.meta.url) };
    const { ready } = await served({ plugins: [plugin(() => undefined, module)] });
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.json.reasons).toEqual([
      { code: 'schema_behind', message: expect.stringContaining('look_sql (missing)') },
    ]);
    await migrate({ connectionString: db.url, modules: [module] });
    await until(async () => (await ready()).status === 200, 'it is ready');
  });

  test('the database cannot be reached, without a word of where it is; healthy, for a restart would not help', async () => {
    const proxy = await TcpProxy.to(db.url);
    const { ready, healthy } = await served({ connectionString: proxy.url, leaseMs: 500 });
    proxy.refuse();
    const answer = await until(async () => {
      const asked = await ready();
      return codes(asked).includes('database_unreachable') && asked;
    }, 'it says so');
    const { username, password, port } = new URL(proxy.url);
    for (const secret of [username, password, port]) expect(answer.text).not.toContain(secret);
    const alive = await until(async () => {
      const asked = await healthy();
      return asked.json['lease'] !== 'valid' && asked;
    }, 'the lease is over');
    expect(alive.status).toBe(200);
    proxy.accept();
    await until(async () => (await ready()).status === 200, 'it is ready again');
    proxy.freeze(); // no error, and no answer either
    await untilCodes(ready, 'check_timeout');
    proxy.thaw();
    await until(async () => (await ready()).status === 200, 'it is ready again');
    proxy.refuse(); // its stop() finds no server, and ends all the same
  });

  test('what a plugin wants is not so, its check fails, or does not answer; its words stay out', async () => {
    let check: () => undefined | { code: string; message: string } | Promise<undefined> = () => undefined;
    const { ready, lines } = await served({
      plugins: [plugin((host) => host.readiness.add({ name: 'mail', check: () => check() }))],
    });
    expect((await ready()).status).toBe(200);
    check = () => ({ code: 'mail_away', message: 'no mail server' });
    await untilCodes(ready, 'mail_away');
    check = () => {
      throw Object.assign(new Error('hunter2'), { code: 'E_MAIL' });
    };
    expect((await untilCodes(ready, 'check_failed')).text).toContain('E_MAIL');
    let answer = () => {};
    check = () =>
      new Promise<undefined>((resolve) => {
        answer = () => resolve(undefined);
      });
    expect((await untilCodes(ready, 'check_timeout')).text).toContain('mail');
    answer();
    check = () => undefined;
    await until(async () => (await ready()).status === 200, 'it is ready again');
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('/healthz says what a restart would mend:', () => {
  test('a handler blocked the event loop for longer than the lease', async () => {
    const { healthy } = await served({
      leaseMs: 500,
      handlers: [
        defineHandler('h.block', () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)),
      ],
    });
    expect((await healthy()).status).toBe(200);
    await db.query("select pgrelay.notify('h.block')");
    await untilIdle(db, 'h.block');
    const answer = await until(async () => {
      const asked = await healthy();
      return asked.status === 503 && asked;
    }, 'it is not healthy');
    expect(codes(answer)).toEqual(['event_loop_blocked']);
  });

  test('the heartbeat is not taken for a lease, though the database answers', async () => {
    const { healthy, processor } = await served({ leaseMs: 500 });
    const holder = await db.session('holder');
    await holder.query('begin');
    await holder.query('set local role pgrelay_owner');
    await holder.query('select from pgrelay.instance where slot = $1 for update', [processor.slot]);
    const answer = await until(async () => {
      const asked = await healthy();
      return asked.status === 503 && asked;
    }, 'it is not healthy');
    expect(codes(answer)).toEqual(['lease_expired']);
    expect(answer.json['lease']).toBe('expired');
    await holder.query('rollback');
    await until(async () => (await healthy()).status === 200, 'it is healthy again');
  });
});
