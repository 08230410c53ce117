import { randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A connection to the server, given to whichever client has a transaction. */
interface Backend {
  readonly socket: Socket;
  readonly parser: Messages;
  client: Client | undefined;
}

interface Client {
  readonly socket: Socket;
  readonly parser: Messages;
  backend: Backend | undefined;
  isStarting: boolean;
  waiting: Buffer[];
}

/** Cuts a stream of the PostgreSQL protocol into messages: a type, a length, a body. */
class Messages {
  #rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (this.#rest.length >= 5) {
      const length = 1 + this.#rest.readInt32BE(1);
      if (this.#rest.length < length) break;
      messages.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
    return messages;
  }
}

const typeOf = (message: Buffer) => String.fromCharCode(message[0] ?? 0);

/**
 * What a pooler in transaction mode does: a client has a backend for the time of one transaction, and the next time
 * another; it is given keys of the pooler's own; what a backend sends between two transactions, such as a notification,
 * reaches nobody.
 */
export class TransactionPooler {
  readonly #listener: Server;
  readonly #target: URL;
  /** The one that has been idle longest is taken first, so that sessions change as often as they can. */
  readonly #idle: Backend[] = [];
  readonly #clients = new Set<Client>();
  readonly #backends = new Set<Backend>();
  #port = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#listener = createServer((socket) => this.#accept(socket));
  }

  static async to(target: string): Promise<TransactionPooler> {
    const pooler = new TransactionPooler(target);
    await new Promise<void>((resolve) => pooler.#listener.listen(0, '127.0.0.1', resolve));
    const address = pooler.#listener.address();
    pooler.#port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return pooler;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  async close(): Promise<void> {
    for (const { socket } of [...this.#clients, ...this.#backends]) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(socket: Socket): void {
    const client: Client = { socket, parser: new Messages(), backend: undefined, isStarting: true, waiting: [] };
    const backend: Backend = {
      socket: connect({ host: this.#target.hostname, port: Number(this.#target.port) }),
      parser: new Messages(),
      client,
    };
    client.backend = backend;
    this.#clients.add(client);
    this.#backends.add(backend);
    socket.on('data', (chunk) => this.#fromClient(client, chunk));
    backend.socket.on('data', (chunk) => {
      for (const message of backend.parser.take(chunk)) this.#fromServer(backend, message);
    });
    socket.on('error', () => undefined);
    backend.socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#clients.delete(client);
      client.backend?.socket.destroy(); // in the middle of a transaction: it is of no use to others
    });
    backend.socket.on('close', () => {
      this.#backends.delete(backend);
      const at = this.#idle.indexOf(backend);
      if (at >= 0) this.#idle.splice(at, 1);
      backend.client?.socket.destroy();
    });
  }

  #fromClient(client: Client, chunk: Buffer): void {
    if (client.isStarting) {
      client.backend?.socket.write(chunk);
      return;
    }
    for (const message of client.parser.take(chunk)) {
      if (typeOf(message) === 'X') client.socket.end();
      else client.waiting.push(message);
    }
    this.#serve(client);
  }

  #serve(client: Client): void {
    if (client.waiting.length === 0) return;
    if (client.backend === undefined) {
      const backend = this.#idle.shift();
      if (backend === undefined) return; // the next that is idle is for those who wait
      backend.client = client;
      client.backend = backend;
    }
    for (const message of client.waiting.splice(0)) client.backend.socket.write(message);
  }

  #fromServer(backend: Backend, message: Buffer): void {
    const { client } = backend;
    if (client === undefined) return;
    if (typeOf(message) === 'K') message.writeInt32BE(randomInt(1, 2 ** 31 - 1), 5);
    client.socket.write(message);
    if (typeOf(message) !== 'Z' || String.fromCharCode(message[5] ?? 0) !== 'I') return;
    client.isStarting = false;
    client.backend = undefined;
    backend.client = undefined;
    this.#idle.push(backend);
    for (const one of this.#clients) if (one.backend === undefined) this.#serve(one);
  }
}
