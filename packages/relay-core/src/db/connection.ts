import pg, { type QueryResultRow } from 'pg';
import { cut, endClient } from './end-client.js';
import { type Backend, gateway } from './gateway.js';
import type { OpenConnection, OpenConnections } from './open-connections.js';
import { isServerAway } from './pg-error.js';
import type { Preparing } from './queryable.js';
import { applySettings, beginFor, freshSession } from './session-settings.js';

/** Called on each new connection before its first use. */
export type Prepare = (client: pg.Client) => Promise<void>;

export interface ConnectionOptions {
  readonly connectionString: string;
  readonly leaseMs: number;
  /** Where it is listed while it is open. */
  readonly connections: OpenConnections;
}

/** Opens one configured connection: keepalive on, the session's settings made, its backend known. */
export async function openConnection(options: ConnectionOptions, name: string): Promise<OpenConnection> {
  const { connectionString, leaseMs, connections } = options;
  const openingMs = Math.max(leaseMs, 5_000);
  const client = new pg.Client({
    connectionString,
    application_name: name,
    keepAlive: true,
    keepAliveInitialDelayMillis: leaseMs,
    connectionTimeoutMillis: openingMs,
  });
  client.on('error', () => undefined); // the next query reports it
  await client.connect();
  const open = connections.add(client);
  open.limitMs = openingMs;
  try {
    await applySettings(client, leaseMs);
    const backend = await gateway.backend(client);
    // A pooler gives its clients keys of its own: then the backend is not ours alone.
    if (backend.pid === (client as unknown as { processID: number }).processID) open.backend = backend;
    else connections.pooled = true;
    open.limitMs = undefined;
    return open;
  } catch (error) {
    await endClient(client);
    throw error;
  }
}

/**
 * A connection that comes back: after a loss the next query opens a new one and prepares it. A query that fails is never
 * sent again by itself, since nobody knows whether it was done.
 */
export class Connection implements Preparing {
  readonly #options: ConnectionOptions;
  readonly #name: string;
  readonly #prepare: Prepare;
  #current: Promise<OpenConnection> | undefined;
  #lost: Backend[] = [];
  #statementTimeout: number | undefined;
  #closed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectionOptions, name: string, prepare: Prepare = async () => undefined) {
    this.#options = options;
    this.#name = name;
    this.#prepare = prepare;
  }

  /** The backends of connections that were lost since this was asked last: they may still be at work on what they were sent. */
  takeLost(): Backend[] {
    return this.#lost.splice(0);
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
   * outside its transaction on a new connection. One that `work` leaves in a transaction, or with an answer unread, is not
   * used again.
   */
  async pinned<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    let pending = this.#connected();
    let open = await pending;
    if (open.isCut) {
      this.#forget(pending);
      pending = this.#connected();
      open = await pending;
    }
    let isUsable = true;
    try {
      return await work(open.client);
    } catch (error) {
      isUsable = !isServerAway(error);
      throw error;
    } finally {
      if (!isUsable || !open.isClean) this.#forget(pending);
    }
  }

  /** What to send to begin a transaction for a handler. */
  beginFor(timeoutMs: number): string {
    return beginFor(timeoutMs, this.#options.leaseMs);
  }

  /** What to send to end that transaction, so that whatever the handler did to the session ends with it. */
  endWith(end: 'commit' | 'rollback'): string {
    return `${end}; ${freshSession(this.#options.leaseMs, Math.round(this.#statementTimeout ?? 0))}`;
  }

  /**
   * Sets the statement_timeout of the session, in ms; sends nothing when it is that already. A statement that is without an
   * answer for longer than that and two leases will get none: its connection is given up.
   */
  async statementTimeout(ms: number): Promise<void> {
    if (this.#statementTimeout === ms) return;
    const timeout = Math.round(ms);
    await this.query("select pg_catalog.set_config('statement_timeout', $1, false)", [String(timeout)]);
    this.#statementTimeout = ms;
    const open = await this.#current?.catch(() => undefined);
    if (open !== undefined) open.limitMs = timeout === 0 ? undefined : timeout + 2 * this.#options.leaseMs;
  }

  /**
   * Undoes what actions left in the session: settings, advisory locks, listening, and temporary objects, which come before
   * every other by their names: a temporary type named text would run its checks as the login at the next `::text`. It is
   * one round trip, and must be sent before any other statement.
   */
  async resetSession(): Promise<void> {
    await this.query(freshSession(this.#options.leaseMs, Math.round(this.#statementTimeout ?? 0)));
  }

  /** Ends the connection that is open now, with all that its session remembers; the next query opens another. */
  async renew(): Promise<void> {
    const pending = this.#current;
    this.#current = undefined;
    const open = await pending?.catch(() => undefined);
    if (open !== undefined) await endClient(open.client);
  }

  /** Ends the connection; `force` cuts it without waiting for the statement that runs. */
  async close(force = false): Promise<void> {
    this.#closed = true;
    const pending = this.#current;
    this.#current = undefined;
    if (pending === undefined) return;
    const open = await pending.catch(() => undefined);
    if (open === undefined) return;
    if (force) cut(open.client);
    await endClient(open.client);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #connected(): Promise<OpenConnection> {
    if (this.#closed) return Promise.reject(new Error('Client was closed and is not queryable'));
    if (this.#current === undefined) {
      this.#statementTimeout = undefined;
      const opening = this.#openPrepared();
      this.#current = opening;
      opening.catch(() => {
        if (this.#current === opening) this.#current = undefined;
      });
    }
    return this.#current;
  }

  async #openPrepared(): Promise<OpenConnection> {
    const open = await openConnection(this.#options, this.#name);
    try {
      await this.#prepare(open.client);
      return open;
    } catch (error) {
      await endClient(open.client);
      throw error;
    }
  }

  #forget(pending: Promise<OpenConnection>): void {
    if (this.#current === pending) this.#current = undefined;
    pending.then(
      ({ client, backend }) => {
        if (backend !== undefined) this.#lost.push(backend);
        cut(client);
        return endClient(client);
      },
      () => undefined,
    );
  }
}
