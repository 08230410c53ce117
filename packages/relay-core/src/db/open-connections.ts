import type pg from 'pg';
import { cut } from './end-client.js';
import type { Backend } from './gateway.js';

/** A connection that is open, and what it waits for. */
export class OpenConnection {
  readonly client: pg.Client;
  /** Undefined until it is known, and behind a pooler for good: there it changes, and belongs to others too. */
  backend: Backend | undefined;
  /** How long a statement may be without its answer before the connection is given up, in ms. */
  limitMs: number | undefined;
  /** In how many looks one after the other the same statement was seen waiting. */
  looks = 0;
  /** It was cut here. */
  isCut = false;
  #waiting = 0;
  #statement = 0;
  #seen = -1;
  #idleAt = -1;

  constructor(client: pg.Client) {
    this.client = client;
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const answered = () => {
      this.#waiting -= 1;
      this.#statement += 1;
    };
    const counted = (...args: unknown[]) => {
      const result = query(...args);
      if (result instanceof Promise) {
        this.#waiting += 1;
        result.then(answered, answered);
      }
      return result;
    };
    Object.assign(client, { query: counted });
  }

  /** Whether the next statement would find the session as a new one: no transaction open, no answer unread. */
  get isClean(): boolean {
    return this.#waiting === 0 && (this.client.getTransactionStatus() ?? 'I') === 'I';
  }

  /** Whoever calls this often, and not more often than the event loop turns, sees which statement hangs. */
  look(): void {
    this.looks = this.#waiting === 0 ? 0 : this.#seen === this.#statement ? this.looks + 1 : 1;
    this.#seen = this.#statement;
  }

  cut(): void {
    this.isCut = true;
    cut(this.client);
  }

  /** Told that the server does not work on what we wait for; true when it is the second time for the same statement. */
  idleAtServer(): boolean {
    if (this.looks === 0) return false;
    const again = this.#idleAt === this.#statement;
    this.#idleAt = this.#statement;
    return again;
  }
}

/**
 * The open connections of a Processor. A connection whose packets are swallowed on their way gets no error, ever: neither
 * end has anything to send, or what it sends is acknowledged by something in between. So each is looked at again and again:
 * `look` gives those whose statement has been waiting, for the heartbeat's connection to ask the server whether it works on
 * it. Looks are counted, not time: a reply that came while the event loop was blocked is read before the next look.
 */
export class OpenConnections {
  readonly #lookEveryMs: number;
  readonly #limitMs: number;
  readonly #all = new Set<OpenConnection>();
  /** A pooler stands between us and the server: its backends are not ours alone. */
  pooled = false;

  /** `limitMs`: for how long a statement without a limit of its own may be without its answer. */
  constructor(lookEveryMs: number, limitMs: number = Number.POSITIVE_INFINITY) {
    this.#lookEveryMs = lookEveryMs;
    this.#limitMs = limitMs;
  }

  add(client: pg.Client): OpenConnection {
    const open = new OpenConnection(client);
    this.#all.add(open);
    client.once('end', () => this.#all.delete(open));
    return open;
  }

  /** Looks once, cuts what is over its limit, and returns the backends of those that have waited for two looks. */
  look(): Backend[] {
    const suspects: Backend[] = [];
    for (const open of this.#all) {
      open.look();
      const limitMs = open.limitMs ?? this.#limitMs;
      if ((open.looks - 1) * this.#lookEveryMs > limitMs) open.cut();
      else if (open.looks >= 2 && open.backend !== undefined) suspects.push(open.backend);
    }
    return suspects;
  }

  /** Cuts those that the server was twice not at work for. Returns the backends it has left. */
  cutUnanswered(idle: readonly Backend[]): Backend[] {
    const left: Backend[] = [];
    for (const open of this.#all) {
      const { backend } = open;
      if (backend === undefined || !idle.some((one) => one.pid === backend.pid && one.start === backend.start))
        continue;
      if (!open.idleAtServer()) continue;
      open.cut();
      left.push(backend);
    }
    return left;
  }

  /** Cuts every connection: the slot they worked for is lost. */
  cutAll(): void {
    for (const open of this.#all) open.cut();
  }
}
