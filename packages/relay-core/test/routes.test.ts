import { type PluginHost, type Route, RouteError } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { ask, raw } from './support/ask.js';
import { running } from './support/running.js';

const db = useDatabase();

/** A Processor whose server has these routes. */
async function serving(routes: readonly Route[], server: object = {}) {
  const setup = (host: PluginHost) => {
    for (const route of routes) host.routes.add(route);
  };
  const plugins = [{ name: 'look', version: '1.0.0', sql: undefined, setup }];
  const { processor, lines } = await running(db, { server: { port: 0, ...server }, plugins });
  return { processor, lines, url: processor.url ?? '' };
}

const get = (path: string, handler: Route['handler']): Route => ({ method: 'GET', path, handler });

describe('a route of a plugin', () => {
  test('gets parameters, query, headers and body, and its reply is sent', async () => {
    const { url } = await serving([
      {
        method: 'POST',
        path: '/things/:name/parts/:part',
        handler: ({ method, path, params, query, headers, body }) => ({
          status: 201,
          headers: { 'x-thing': 'yes' },
          body: { method, path, params, q: query.get('q'), a: headers['x-a'], body: body.toString() },
        }),
      },
      get('/things/:name/parts/all', () => ({ body: 'plain', headers: { 'content-type': 'text/plain' } })),
      get('/things/:name/parts/:part', () => ({ body: 'one' })),
      get('/nothing', () => ({ status: 204 })),
    ]);
    const post = { method: 'POST', headers: { 'x-a': '1' }, body: 'körper' };
    const answer = await ask(`${url}/things/a%2Fb/parts/7?q=x`, post);
    expect(answer).toMatchObject({ status: 201, headers: { 'x-thing': 'yes' } });
    expect(answer.json).toEqual({
      method: 'POST',
      path: '/things/a%2Fb/parts/7',
      params: { name: 'a/b', part: '7' },
      q: 'x',
      a: '1',
      body: 'körper',
    });
    expect(await ask(`${url}/things/a/parts/all`)).toMatchObject({ text: 'plain' });
    expect(await ask(`${url}/things/a/parts/some`)).toMatchObject({ text: '"one"\n' });
    expect(await ask(`${url}/nothing`)).toMatchObject({ status: 204, text: '' });
  });

  test('that does not exist, or takes another method, or has a bad path, is told so in JSON', async () => {
    const { url } = await serving([get('/a/:b', () => ({}))]);
    const error = (code: string) => ({ json: { error: { code } } });
    expect(await ask(`${url}/b`)).toMatchObject({ status: 404, ...error('RELAY_ROUTE_UNKNOWN') });
    expect(await ask(`${url}/a/`)).toMatchObject({ status: 404 });
    expect(await ask(`${url}/a/b`, { method: 'DELETE' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET' },
      ...error('RELAY_METHOD_NOT_ALLOWED'),
    });
    expect(await ask(`${url}/a/%ff`)).toMatchObject({ status: 400, ...error('RELAY_REQUEST_INVALID') });
    expect(await ask(`${url}/healthz`, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  test.each<[string, Route]>([
    ['RELAY_ROUTE_INVALID', get('no/slash', () => ({}))],
    ['RELAY_ROUTE_INVALID', get('/a b', () => ({}))],
    ['RELAY_ROUTE_INVALID', { ...get('/a', () => ({})), method: 'TRACE' as 'GET' }],
    ['RELAY_ROUTE_INVALID', { ...get('/a', () => ({})), bodyLimitBytes: -1 }],
    ['RELAY_ROUTE_DUPLICATE', get('/readyz', () => ({}))],
  ])('%s when it cannot work', async (code, route) => {
    await expect(serving([route])).rejects.toMatchObject({ code });
  });

  test('that throws: a RouteError is the answer, of anything else only its code is known, and only to the log', async () => {
    const { url, lines } = await serving([
      get('/asked', () => {
        throw new RouteError(409, 'LOOK_TAKEN', 'it is taken', {
          hint: 'Ask for another.',
          headers: { 'retry-after': '3' },
        });
      }),
      get('/broken', async () => {
        throw Object.assign(new Error('hunter2'), { code: 'E_LOOK' });
      }),
      get('/odd', () => ({ body: 1n })),
    ]);
    expect(await ask(`${url}/asked`)).toMatchObject({
      status: 409,
      headers: { 'retry-after': '3' },
      json: { error: { code: 'LOOK_TAKEN', message: 'it is taken', hint: 'Ask for another.' } },
    });
    const broken = await ask(`${url}/broken`);
    expect(broken).toMatchObject({ status: 500, json: { error: { code: 'RELAY_ROUTE_FAILED' } } });
    expect(await ask(`${url}/odd`)).toMatchObject({ status: 500, json: { error: { code: 'RELAY_ROUTE_FAILED' } } });
    expect(broken.text + lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('E_LOOK');
  });
});

describe('limits', () => {
  test('a body over the limit of its route, or of the server, is refused, announced or not', async () => {
    const echo: Route = { method: 'POST', path: '/echo', handler: ({ body }) => ({ body: body.length }) };
    const { url } = await serving([echo, { ...echo, path: '/small', bodyLimitBytes: 10 }], { bodyLimitBytes: 1_000 });
    const post = (path: string, length: number, headers: Record<string, string> = {}) =>
      ask(`${url}${path}`, { method: 'POST', body: 'x'.repeat(length), headers });
    expect(await post('/echo', 1_000)).toMatchObject({ status: 200, text: '1000\n' });
    expect(await post('/echo', 1_001)).toMatchObject({
      status: 413,
      json: { error: { code: 'RELAY_BODY_TOO_LARGE' } },
    });
    expect(await post('/small', 11)).toMatchObject({ status: 413 });
    const chunked = { 'transfer-encoding': 'chunked' };
    expect(await post('/echo', 1_000, chunked)).toMatchObject({ status: 200 });
    expect(await post('/echo', 1_001, chunked)).toMatchObject({ status: 413 });
  });

  test('headers and bodies that come too slowly, are too large, or are no HTTP', async () => {
    const take: Route = { method: 'POST', path: '/take', handler: () => ({}) };
    const { url } = await serving([take], { headersTimeoutMs: 200, requestTimeoutMs: 400 });
    expect(await raw(url, 'GET /healthz HTTP/1.1\r\nhost: a\r\nx: ')).toMatch(
      /^HTTP\/1.1 408 .*RELAY_REQUEST_TIMEOUT/s,
    );
    const slow = 'POST /take HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab';
    expect(await raw(url, slow)).toMatch(/^HTTP\/1.1 408 /);
    expect(await raw(url, `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await raw(url, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*RELAY_REQUEST_INVALID/s);
  });

  test('a route that takes too long is not waited for, and is told', async () => {
    let told = false;
    const { url } = await serving(
      [
        get('/slow', ({ signal }) => {
          signal.addEventListener('abort', () => {
            told = true;
          });
          return new Promise(() => undefined);
        }),
      ],
      { routeTimeoutMs: 100 },
    );
    expect(await ask(`${url}/slow`)).toMatchObject({ status: 503, json: { error: { code: 'RELAY_ROUTE_TIMEOUT' } } });
    expect(told).toBe(true);
  });

  test('stop() lets a request end that is being answered; a forced one does not', async () => {
    for (const force of [false, true]) {
      let finish = () => {};
      let came = () => {};
      const arrived = new Promise<void>((resolve) => {
        came = resolve;
      });
      const { url, processor } = await serving([
        get('/slow', () => {
          came();
          return new Promise((resolve) => {
            finish = () => resolve({ body: 'done' });
          });
        }),
      ]);
      const answer = ask(`${url}/slow`).catch((error: Error) => error);
      await arrived;
      const stopped = processor.stop({ force });
      if (!force) {
        const isGone = async () => {
          const other = await ask(`${url}/healthz`).catch((error: NodeJS.ErrnoException) => error);
          return other instanceof Error && other.code === 'ECONNREFUSED';
        };
        await until(isGone, 'nobody else is let in');
        finish();
      }
      await stopped;
      if (force) expect(await answer).not.toMatchObject({ text: '"done"\n' });
      else expect(await answer).toMatchObject({ status: 200, text: '"done"\n' });
    }
  });
});
