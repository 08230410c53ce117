import { once } from 'node:events';
import net from 'node:net';

/** Messages of a client that run a statement: a simple query, the execution of a prepared one, a function call. */
const RUNS = new Set(['Q', 'E', 'F'].map((type) => type.charCodeAt(0)));
const STARTUP_VERSION = 196_608;

/**
 * Stands between clients and the server and counts, by application_name, the statements that clients send. It reads the wire
 * protocol and changes nothing; connections with TLS are refused by closing them.
 */
export class WireCounter {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #counts = new Map<string, number>();
  readonly url: string;

  private constructor(server: net.Server, url: string, target: URL) {
    this.#server = server;
    this.url = url;
    server.on('connection', (client) => this.#pass(client, target));
  }

  static async before(serverUrl: string): Promise<WireCounter> {
    const target = new URL(serverUrl);
    const server = net.createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(serverUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as net.AddressInfo).port);
    return new WireCounter(server, url.href, target);
  }

  /** Statements by application_name since the last call of this. */
  taken(): Map<string, number> {
    const counts = new Map(this.#counts);
    this.#counts.clear();
    return counts;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: net.Socket, target: URL): void {
    const server = net.connect({ host: target.hostname, port: Number(target.port || 5432), noDelay: true });
    const messages = new Messages((name) => this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1));
    client.on('data', (chunk) => messages.read(chunk));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}

/** Cuts what one client sends into messages. */
class Messages {
  readonly #onStatement: (applicationName: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #name: string | undefined;

  constructor(onStatement: (applicationName: string) => void) {
    this.#onStatement = onStatement;
  }

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const typed = this.#name === undefined ? 0 : 1; // the first message has no type
      if (this.#rest.length < typed + 4) return;
      const end = typed + this.#rest.readUInt32BE(typed);
      if (this.#rest.length < end) return;
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      if (this.#name === undefined) this.#name = applicationName(message);
      else if (RUNS.has(message[0] ?? 0)) this.#onStatement(this.#name);
    }
  }
}

/** A start-up message is its length, the protocol's version, and names and values that each end with a zero. */
function applicationName(message: Buffer): string | undefined {
  if (message.readUInt32BE(4) !== STARTUP_VERSION) return undefined;
  const texts = message.subarray(8).toString('utf8').split('\0');
  const at = texts.indexOf('application_name');
  return (at < 0 ? undefined : texts[at + 1]) ?? 'unnamed';
}
