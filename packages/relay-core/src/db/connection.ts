import pg, { type QueryResultRow } from 'pg';
import { isConnectionLoss } from './pg-error.js';
import type { Preparing, Queryable } from './queryable.js';

/** Called on each new connection before its first use. */
export type Prepare = (client: pg.Client) => Promise<void>;

/** Opens one configured connection: keepalive on, a user timeout, no notices. */
export async function openConnection(connectionString: string, name: string, leaseMs: number): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: name,
    keepAlive: true,
    keepAliveInitialDelayMillis: leaseMs,
    connectionTimeoutMillis: Math.max(leaseMs, 5_000),
  });
  client.on('error', () => undefined); // the next query reports it
  await client.connect();
  try {
    await applySettings(client, leaseMs);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/** The session settings of every connection of a Processor: no notices, and a dead peer is noticed within the lease. */
export async function applySettings(db: Queryable, leaseMs: number): Promise<void> {
  await db.query(
    "select pg_catalog.set_config('client_min_messages', 'warning', false), pg_catalog.set_config('tcp_user_timeout', $1, false)",
    [String(leaseMs)],
  );
}

/**
 * A connection that comes back: after a loss the next query opens a new one and prepares it. A query that fails is never
 * sent again by itself, since nobody knows whether it was done.
 */
export class Connection implements Preparing {
  readonly #open: () => Promise<pg.Client>;
  readonly #prepare: Prepare;
  #client: Promise<pg.Client> | undefined;
  #statementTimeout: number | undefined;
  #ranActions = false;
  #closed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<pg.Client>, prepare: Prepare) {
    this.#open = open;
    this.#prepare = prepare;
  }

  /** Statements of several callers go one after the other. */
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<{ rows: R[]; rowCount: number | null }> {
    return this.#inTurn(() => this.pinned((client) => client.query<R>(text, values)));
  }

  /** A statement that is sent again and again: parsed and planned once on each connection. */
  prepared<R extends QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }> {
    return this.#inTurn(() => this.pinned((client) => client.query<R>({ name: `pgrelay_${name}`, text, values })));
  }

  /**
   * Runs `work` on the one connection that is open now. If it is lost, everything in `work` fails, instead of going on
   * outside its transaction on a new connection.
   */
  async pinned<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const pending = this.#connected();
    try {
      return await work(await pending);
    } catch (error) {
      if (isConnectionLoss(error)) this.#forget(pending);
      throw error;
    }
  }

  /** Sets the statement_timeout of the session, in ms; sends nothing when it is that, or was set to that last. */
  async statementTimeout(ms: number): Promise<void> {
    if (this.#statementTimeout === ms) return;
    await this.query("select pg_catalog.set_config('statement_timeout', $1, false)", [String(Math.round(ms))]);
    this.#statementTimeout = ms;
  }

  /** Undoes every setting that an action made for the session; `settings` puts the Processor's own back. */
  async resetSettings(settings: (db: Queryable) => Promise<void>): Promise<void> {
    this.#ranActions = true;
    this.#statementTimeout = undefined;
    await this.query('reset all');
    await settings(this);
  }

  /** Removes the temporary tables that actions left, which would hide others by their names. */
  async discardTemporary(): Promise<void> {
    if (!this.#ranActions) return;
    await this.query('discard temp');
    this.#ranActions = false;
  }

  /** Ends the connection that is open now, with all that its session remembers; the next query opens another. */
  async renew(): Promise<void> {
    const pending = this.#client;
    this.#client = undefined;
    const client = await pending?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  /** Ends the connection; `force` cuts it without waiting for the statement that runs. */
  async close(force = false): Promise<void> {
    this.#closed = true;
    const pending = this.#client;
    this.#client = undefined;
    if (pending === undefined) return;
    const client = await pending.catch(() => undefined);
    if (client === undefined) return;
    if (force) cut(client);
    await client.end().catch(() => undefined);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #connected(): Promise<pg.Client> {
    if (this.#closed) return Promise.reject(new Error('Client was closed and is not queryable'));
    if (this.#client === undefined) {
      this.#statementTimeout = undefined;
      const opening = this.#openPrepared();
      this.#client = opening;
      opening.catch(() => this.#forget(opening));
    }
    return this.#client;
  }

  async #openPrepared(): Promise<pg.Client> {
    const client = await this.#open();
    try {
      await this.#prepare(client);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  #forget(pending: Promise<pg.Client>): void {
    if (this.#client === pending) this.#client = undefined;
    pending.then((client) => client.end()).catch(() => undefined);
  }
}

function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
