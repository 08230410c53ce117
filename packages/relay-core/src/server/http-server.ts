import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import type { Telemetry } from '../telemetry/telemetry.js';
import { answer } from './answer.js';
import { RouteError } from './route-error.js';
import type { RouteTable } from './route-table.js';
import type { CheckedServerOptions } from './server-options.js';
import { errorReply, writeReply } from './write-reply.js';

/** How long requests that are being answered may take once the server stops, in ms. */
const patienceMs = 5_000;

/** node:http with limits: of headers, bodies, times and connections. Everything is answered in JSON, what cannot be read too. */
export class HttpServer {
  readonly #options: CheckedServerOptions;
  readonly #routes: RouteTable;
  readonly #log: Logger;
  readonly #telemetry: Telemetry;
  readonly #forced = new AbortController();
  #server: Server | undefined;

  constructor(options: CheckedServerOptions, routes: RouteTable, log: Logger, telemetry: Telemetry) {
    this.#options = options;
    this.#routes = routes;
    this.#log = log;
    this.#telemetry = telemetry;
  }

  /** Where it listens: `http://127.0.0.1:8080`; undefined while it does not. */
  get url(): string | undefined {
    const address = this.#server?.address() as AddressInfo | string | null | undefined;
    if (typeof address !== 'object' || address === null) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Listens. @throws RelayError RELAY_SERVER_PORT_TAKEN, RELAY_SERVER_ADDRESS_INVALID */
  async start(): Promise<void> {
    const { host, port, headersTimeoutMs, requestTimeoutMs, maxConnections } = this.#options;
    const server = createServer(
      {
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
        keepAliveTimeout: 5_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.maxConnections = maxConnections;
    server.on('clientError', refuseUnread);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port)));
      server.listen(port, host, resolve);
    });
    server.removeAllListeners('error').on('error', (error) => {
      this.#log.error({ code: 'code' in error ? error.code : error.name }, 'the HTTP server has an error');
    });
    this.#server = server;
    this.#log.info({ url: this.url }, 'HTTP server listens');
  }

  /** Takes no more connections, lets requests end, and closes; `force`: at once. May be called twice, and before start(). */
  async stop(force: boolean): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cut = () => {
      this.#forced.abort();
      server.closeAllConnections();
    };
    const patience = setTimeout(cut, force ? 0 : patienceMs);
    await closed;
    clearTimeout(patience);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const left = new AbortController();
    response.once('close', () => left.abort());
    const gone = AbortSignal.any([left.signal, this.#forced.signal]);
    const { route, reply } = await answer(request, {
      routes: this.#routes,
      options: this.#options,
      log: this.#log,
      gone,
    });
    if (this.#telemetry.wants('request.answered')) {
      const ms = performance.now() - startedAt;
      this.#telemetry.tell('request.answered', { route, status: reply.status ?? 200, ms });
    }
    try {
      writeReply(response, reply, this.#server === undefined);
    } catch (error) {
      // A reply that cannot be sent: a header that is none, a body that JSON cannot hold.
      this.#log.error(
        { code: error instanceof Error ? error.name : 'unknown' },
        'a route gave a reply that cannot be sent',
      );
      writeReply(response, errorReply(new RouteError(500, 'RELAY_ROUTE_FAILED', 'the route gave no proper reply')));
    }
  }
}

/** What is no HTTP, has too large headers, or came too slowly, never becomes a request. */
function refuseUnread(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) return;
  const [status, code, message] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'RELAY_REQUEST_TIMEOUT', 'the request did not arrive in time']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'RELAY_REQUEST_INVALID', 'the headers are too large']
        : ['400 Bad Request', 'RELAY_REQUEST_INVALID', 'this is no HTTP request'];
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function listenError(error: Error & { readonly code?: string }, host: string, port: number): RelayError {
  if (error.code === 'EADDRINUSE') {
    return new RelayError('RELAY_SERVER_PORT_TAKEN', `somebody listens on port ${port} of ${host} already`, {
      hint: 'Stop them, or give option server another port; 0 takes a free one.',
      cause: error,
    });
  }
  return new RelayError(
    'RELAY_SERVER_ADDRESS_INVALID',
    `the HTTP server cannot listen on port ${port} of ${host}: ${error.code}`,
    {
      hint: 'host is an address of this machine, such as 127.0.0.1 or 0.0.0.0; ports below 1024 may need a privilege.',
      cause: error,
    },
  );
}
