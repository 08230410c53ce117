import { RelayError } from '@pgrelay/relay-sql';
import pg from 'pg';
import { gateway } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';

export interface NotifyOptions {
  /** Not before this time. The database's clock decides. Default: now. */
  readonly runAt?: Date;
  /** Not before this many ms from now, by the database's clock. */
  readonly delayMs?: number;
  /** Lower runs first, -32768 to 32767. Default: 0. */
  readonly priority?: number;
  /** At most one event per (channel, key) that has not started: its id is returned instead of a new one. */
  readonly dedupKey?: string;
  /** Send the event in this transaction instead of one of its own: it commits or vanishes with it. */
  readonly tx?: Queryable;
}

/** Sends events. */
export interface RelayClient {
  /**
   * Puts an event into the queue; the payload is written as JSON (undefined: SQL NULL). Returns the event's id.
   * @throws RelayError RELAY_CHANNEL_UNKNOWN, RELAY_CHANNEL_DISABLED, RELAY_PAYLOAD_TOO_LARGE, RELAY_PAYLOAD_INVALID, RELAY_ARGUMENT_INVALID
   */
  notify(channel: string, payload?: unknown, options?: NotifyOptions): Promise<string>;
  /** Ends the connections that the client opened itself. */
  close(): Promise<void>;
}

/** Makes a client over a connection string (it then has a pool of its own) or over your pg pool or client. */
export function createClient(options: { readonly connectionString: string } | { readonly db: Queryable }): RelayClient {
  const pool =
    'connectionString' in options
      ? new pg.Pool({ connectionString: options.connectionString, application_name: 'pgrelay client', max: 4 })
      : undefined;
  pool?.on('error', () => undefined); // an idle connection was lost; the next notify opens another
  const db = 'db' in options ? options.db : (pool as Queryable);
  return {
    notify: (channel, payload, notifyOptions = {}) =>
      sendNotify(notifyOptions.tx ?? db, channel, payload, notifyOptions),
    close: async () => pool?.end(),
  };
}

/** The one place where TypeScript turns a payload into text. */
export async function sendNotify(
  db: Queryable,
  channel: string,
  payload: unknown,
  options: NotifyOptions,
): Promise<string> {
  let text: string | null;
  try {
    text = payload === undefined ? null : JSON.stringify(payload);
  } catch (error) {
    throw new RelayError(
      'RELAY_PAYLOAD_INVALID',
      `the payload for channel ${JSON.stringify(channel)} cannot be written as JSON`,
      {
        hint: 'Send plain data: no bigint, no cycles.',
        cause: error,
      },
    );
  }
  if (text === undefined) {
    throw new RelayError(
      'RELAY_PAYLOAD_INVALID',
      `the payload for channel ${JSON.stringify(channel)} is a ${typeof payload}, which JSON cannot hold`,
      {
        hint: 'Send plain data.',
      },
    );
  }
  const { tx: _, ...row } = options;
  return gateway.notify(db, channel, text, row);
}
