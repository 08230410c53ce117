import { connect, createServer, type Server, type Socket } from 'node:net';

/** One connection through a TcpProxy. */
interface Link {
  /** The application_name it was opened with. */
  name: string;
  readonly client: Socket;
  readonly server: Socket;
  isSwallowed: boolean;
  /** The reply to what was sent last is kept back, and then the connection is cut. */
  cutsReply: boolean;
  reply: Buffer;
}

type Which = (name: string) => boolean;
const every: Which = () => true;

/** Stands between a Processor and its server, and does to their packets what networks do. */
export class TcpProxy {
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #target: URL;
  #port = 0;
  #isRefusing = false;
  #isFrozen = false;
  #replyToCut: string | undefined;
  /** How many replies were cut. */
  cuts = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#listener = createServer((client) => this.#accept(client));
  }

  static async to(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve));
    const address = proxy.#listener.address();
    proxy.#port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return proxy;
  }

  /** What to connect to instead of the server. */
  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  /** New connections go to this server from now on. */
  retarget(target: string): void {
    this.#target = new URL(target);
  }

  /** How many connections are open. */
  open(which: Which = every): number {
    return [...this.#links].filter((link) => which(link.name)).length;
  }

  /** Nobody gets through, as when the server is down: what is open is cut, and what is new is refused. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  accept(): void {
    this.#isRefusing = false;
  }

  cut(which: Which = every): void {
    for (const link of this.#links) if (which(link.name)) this.#end(link);
  }

  /** Nothing arrives any more, old and new; what is sent meanwhile arrives after thaw(), as when a network comes back. */
  freeze(): void {
    this.#isFrozen = true;
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.resume();
  }

  /** What is open now gets no packet through any more, in either direction, and neither end is told. New ones work. */
  swallow(which: Which = every): void {
    for (const link of this.#links) if (which(link.name)) link.isSwallowed = true;
  }

  /** The next statement that contains `text` is carried out, and the connection cut before its reply arrives. */
  cutReplyTo(text: string): void {
    this.#replyToCut = text;
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const server = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    const link: Link = {
      name: '',
      client,
      server,
      isSwallowed: false,
      cutsReply: false,
      reply: Buffer.alloc(0),
    };
    this.#links.add(link);
    client.on('data', (chunk) => this.#toServer(link, chunk));
    server.on('data', (chunk) => this.#toClient(link, chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      if (this.#isFrozen) socket.pause();
    }
    client.on('close', () => (link.isSwallowed ? undefined : this.#end(link)));
    server.on('close', () => (link.isSwallowed ? undefined : this.#end(link)));
  }

  #toServer(link: Link, chunk: Buffer): void {
    if (link.isSwallowed) return;
    link.name ||= /application_name\0([^\0]*)\0/.exec(chunk.toString('latin1'))?.[1] ?? '';
    if (this.#replyToCut !== undefined && chunk.includes(this.#replyToCut)) {
      this.#replyToCut = undefined;
      link.cutsReply = true;
    }
    link.server.write(chunk);
  }

  #toClient(link: Link, chunk: Buffer): void {
    if (link.isSwallowed) return;
    if (!link.cutsReply) {
      link.client.write(chunk);
      return;
    }
    link.reply = Buffer.concat([link.reply, chunk]);
    // ReadyForQuery: the server has done, and committed, what it was sent.
    if (link.reply.subarray(-6, -1).toString('latin1') !== 'Z\0\0\0\x05') return;
    this.cuts += 1;
    this.#end(link);
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
