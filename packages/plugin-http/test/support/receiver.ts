import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The sender's port: the same one means the same connection. */
  readonly port: number | undefined;
}

/** A real HTTP server that keeps what it got and answers as the path says. */
export class Receiver {
  readonly received: Received[] = [];
  readonly #answers = new Map<string, (response: ServerResponse, count: number) => void>();
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      const { method = '', headers, socket } = request;
      this.received.push({ path, method, headers, body, port: socket.remotePort });
      const answer = this.#answers.get(path);
      if (answer === undefined) response.writeHead(204).end();
      else answer(response, this.to(path).length);
    });
  });

  async start(address = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, address, resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  answer(path: string, how: number | ((response: ServerResponse, count: number) => void)): string {
    this.#answers.set(path, typeof how === 'number' ? (response) => response.writeHead(how).end('the answer') : how);
    return this.url(path);
  }

  to(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }
}
