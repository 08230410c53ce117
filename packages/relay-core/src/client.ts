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

/** One of several events that are sent at once. */
export interface NotifyEvent extends Omit<NotifyOptions, 'tx'> {
  /** Written as JSON; undefined is SQL NULL. */
  readonly payload?: unknown;
}

/** Sends events. */
export interface RelayClient {
  /**
   * Puts an event into the queue; the payload is written as JSON (undefined: SQL NULL). Returns the event's id.
   * @throws RelayError RELAY_CHANNEL_UNKNOWN, RELAY_CHANNEL_DISABLED, RELAY_PAYLOAD_TOO_LARGE, RELAY_PAYLOAD_INVALID, RELAY_ARGUMENT_INVALID
   */
  notify(channel: string, payload?: unknown, options?: NotifyOptions): Promise<string>;
  /**
   * Puts many events into the queue with one statement, in their order; all of them or none. Returns their ids.
   * @throws RelayError as notify()
   */
  notifyMany(channel: string, events: readonly NotifyEvent[], options?: Pick<NotifyOptions, 'tx'>): Promise<string[]>;
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
    notifyMany: (channel, events, notifyOptions = {}) => sendNotifyMany(notifyOptions.tx ?? db, channel, events),
    close: async () => pool?.end(),
  };
}

/** Sends one event. */
export async function sendNotify(
  db: Queryable,
  channel: string,
  payload: unknown,
  options: NotifyOptions,
): Promise<string> {
  const text = toText(channel, payload);
  const { tx: _, ...row } = options;
  return gateway.notify(db, channel, text, row);
}

/** Sends many events of one channel. */
export async function sendNotifyMany(
  db: Queryable,
  channel: string,
  events: readonly NotifyEvent[],
): Promise<string[]> {
  const rows = events.map(({ payload, ...row }) => ({ ...row, payload: toText(channel, payload) }));
  return gateway.notifyMany(db, channel, rows);
}

/** The one place where TypeScript turns a payload into text. */
function toText(channel: string, payload: unknown): string | null {
  let text: string | undefined;
  try {
    if (payload === undefined) return null;
    text = JSON.stringify(payload);
  } catch (error) {
    throw new RelayError(
      'RELAY_PAYLOAD_INVALID',
      `the payload for channel ${JSON.stringify(channel)} cannot be written as JSON`,
      { hint: 'Send plain data: no bigint, no cycles.', cause: error },
    );
  }
  if (text !== undefined) return text;
  throw new RelayError(
    'RELAY_PAYLOAD_INVALID',
    `the payload for channel ${JSON.stringify(channel)} is a ${typeof payload}, which JSON cannot hold`,
    { hint: 'Send plain data.' },
  );
}
