import { isConnectionLoss, type PluginHost, type Queryable, RouteError, type Service } from '@pgrelay/relay-core';

type Client = Awaited<ReturnType<PluginHost['connect']>>;

/** So many requests wait for the connection; more are told to come back. */
const mostWaiting = 200;

/**
 * One connection for all that is received, opened with the first request: what waits for a lock here must not hold up the Processor's
 * own. Requests take turns; after a loss the next one opens another.
 */
export class InboundConnection implements Service {
  readonly name = 'http inbound';
  readonly #open: () => Promise<Client>;
  #client: Promise<Client> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stopped = false;

  constructor(open: () => Promise<Client>) {
    this.#open = open;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Runs `work` when its turn comes, unless nobody waits for it any more. @throws RouteError 503 when too many wait */
  async run<T>(work: (db: Queryable) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#waiting >= mostWaiting || this.#stopped) throw unavailable('too many requests wait');
    this.#waiting += 1;
    const result = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#use(work);
    });
    this.#last = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #use<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    this.#client ??= this.#open();
    const opening = this.#client;
    try {
      return await work(await opening);
    } catch (error) {
      if (isConnectionLoss(error) || (await this.#isGone(opening))) this.#forget(opening);
      throw error;
    }
  }

  async #isGone(opening: Promise<Client>): Promise<boolean> {
    return opening.then(
      () => false,
      () => true,
    );
  }

  #forget(opening: Promise<Client>): void {
    if (this.#client === opening) this.#client = undefined;
    opening.then((client) => client.end()).catch(() => undefined);
  }
}

/** The event was not taken, as far as we know; who sends it again with the same key makes no second one. */
export function unavailable(message: string, cause?: unknown): RouteError {
  return new RouteError(503, 'PLUGIN_HTTP_INBOUND_UNAVAILABLE', message, {
    hint: 'Send it again, with the same key.',
    headers: { 'retry-after': '1' },
    cause,
  });
}
