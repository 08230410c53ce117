import { RelayError } from '@pgrelay/relay-sql';
import pg from 'pg';
import type { ChannelDefinition } from './channels/define-channel.js';
import type { ChannelRef, ChannelsOf, NoChannels, NotifyArguments, PayloadFor } from './channels/notify-arguments.js';
import { gateway } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';
import { type Explanation, isEventId } from './explanation.js';
import { type SchemaOf, sendAfterAll, sendNotify, sendNotifyMany } from './send.js';
import { checkWait, type EventEnd, type WaitOptions, waitForEnd } from './wait-for-end.js';

export interface NotifyOptions {
  /** Not before this time. The database's clock decides. Default: now. */
  readonly runAt?: Date;
  /** Not before this many ms from now, by the database's clock; instead of `runAt`. */
  readonly delayMs?: number;
  /** Lower runs first, -32768 to 32767. Default: 0. */
  readonly priority?: number;
  /** At most one event per (channel, key) that has not started: its id is returned instead of a new one. */
  readonly dedupKey?: string;
  /** What limits of the channel by key go by, such as a customer; 1 to 200 octets. Default: none, and no limit by key. */
  readonly key?: string;
  /**
   * Keeps `dedupKey` for so many ms from now, also when the event has started or ended: a call within that time returns its id and
   * sends nothing. At most 366 days. Default: the key is free again when its event starts.
   */
  readonly dedupWindowMs?: number;
  /**
   * The W3C traceparent under which the event is sent, for `ctx.traceparent()` of its handler and pgrelay.lineage(). Default:
   * that of the event whose handler sends it. Within `tx` it also holds for what is sent after it.
   */
  readonly traceparent?: string;
  /**
   * Send the event in this transaction instead of one of its own: it commits or vanishes with it. A pg client that has
   * one open, or what an adapter of `@pgrelay/relay-core/tx` makes of a transaction of Drizzle, Kysely, Knex, TypeORM
   * or Prisma.
   */
  readonly tx?: Queryable;
}

/** One of several events that are sent at once. The payload is written as JSON; undefined is SQL NULL. */
export type NotifyEvent<P = unknown> = Omit<NotifyOptions, 'tx' | 'traceparent'> &
  (undefined extends P ? { readonly payload?: P } : { readonly payload: P });

/**
 * Sends events. Where a channel's schema is known, because it was given as a definition or is in the client's `channels`,
 * the payload has its type and is checked before anything is sent.
 */
export interface RelayClient<C = NoChannels> {
  /**
   * Puts an event into the queue; the payload is written as JSON (undefined: SQL NULL). Returns the event's id.
   * @throws RelayError RELAY_CHANNEL_UNKNOWN, RELAY_CHANNEL_DISABLED, RELAY_PAYLOAD_TOO_LARGE, RELAY_PAYLOAD_INVALID,
   * RELAY_ARGUMENT_INVALID, RELAY_TRANSACTION_INVALID
   */
  notify<const T extends ChannelRef<C>>(
    channel: T,
    ...rest: NotifyArguments<PayloadFor<T, C>, NotifyOptions>
  ): Promise<string>;
  /**
   * Puts many events into the queue with one statement, in their order; all of them or none. Returns their ids. Together
   * they hold at most 134 million characters. Errors name the event by its place, from 1.
   * @throws RelayError as notify()
   */
  notifyMany<const T extends ChannelRef<C>>(
    channel: T,
    events: readonly NotifyEvent<PayloadFor<T, C>>[],
    options?: Pick<NotifyOptions, 'tx' | 'traceparent'>,
  ): Promise<string[]>;
  /**
   * Sends an event that runs when all of the events `ids` have ended: done, cancelled or removed; while one of them is among the
   * failed, it waits. Returns its id. Processors look once a second.
   * @throws RelayError as notify(); RELAY_ARGUMENT_INVALID for no ids or over 10,000, RELAY_EVENT_UNKNOWN for one that is not to
   * be seen: send them before, in this transaction or one that has committed
   */
  afterAll<const T extends ChannelRef<C>>(
    ids: readonly string[],
    channel: T,
    ...rest: NotifyArguments<PayloadFor<T, C>, Pick<NotifyOptions, 'tx' | 'priority'>>
  ): Promise<string>;
  /**
   * Sends an event as notify() does, in a transaction of its own, and waits until it has ended: done, failed for good or
   * cancelled. Looks every 5 ms at first, every 250 ms in the end; many waiters are better served by an event that answers. A
   * timeout ends the wait, not the event. The login also needs the role `pgrelay_viewer`.
   * @throws RelayError as notify(), and RELAY_WAIT_TIMEOUT
   */
  notifyAndWait<const T extends ChannelRef<C>>(
    channel: T,
    ...rest: NotifyArguments<PayloadFor<T, C>, Omit<NotifyOptions, 'tx'> & WaitOptions>
  ): Promise<EventEnd>;
  /**
   * Why the event `id` is not running, or what became of it: one row a reason, at least one. Also on a standby. The login
   * needs the role `pgrelay_viewer`.
   * @throws RelayError RELAY_ARGUMENT_INVALID when `id` is no id, as notify() returns it
   */
  explain(id: string): Promise<Explanation[]>;
  /** Ends the connections that the client opened itself. */
  close(): Promise<void>;
}

/** Where a client writes, and what it knows of channels. */
export type ClientOptions<D extends readonly ChannelDefinition[] = readonly []> = {
  /** Definitions whose channels are typed and checked also where they are named by their name. Default: none. */
  readonly channels?: D;
} & ({ readonly connectionString: string } | { readonly db: Queryable });

/**
 * Makes a client over a connection string (it then has a pool of its own) or over your pg pool or client.
 * @throws RelayError RELAY_OPTION_INVALID when two of the `channels` have one name
 */
export function createClient<const D extends readonly ChannelDefinition[] = readonly []>(
  options: ClientOptions<D>,
): RelayClient<ChannelsOf<D>> {
  const known = byName(options.channels ?? []);
  const pool =
    'connectionString' in options
      ? new pg.Pool({ connectionString: options.connectionString, application_name: 'pgrelay client', max: 4 })
      : undefined;
  pool?.on('error', () => undefined); // an idle connection was lost; the next notify opens another
  const db = 'db' in options ? options.db : (pool as Queryable);
  const schemaOf = (channel: string) => known.get(channel)?.payload;
  const client: RelayClient = {
    notify: (channel, payload?: unknown, notifyOptions: NotifyOptions = {}) =>
      sendNotify(db, channel, payload, notifyOptions, schemaOf),
    notifyMany: (channel, events, notifyOptions = {}) => sendNotifyMany(db, channel, events, notifyOptions, schemaOf),
    afterAll: (ids, channel, payload?: unknown, afterOptions: Pick<NotifyOptions, 'tx' | 'priority'> = {}) =>
      sendAfterAll(db, ids, channel, payload, afterOptions, schemaOf),
    notifyAndWait: (channel, payload?: unknown, waitOptions: NotifyOptions & WaitOptions = {}) =>
      notifyAndWait(db, channel, payload, waitOptions, schemaOf),
    explain: (id) => explain(db, id),
    close: async () => pool?.end(),
  };
  return client;
}

async function notifyAndWait(
  db: Queryable,
  channel: string | ChannelDefinition,
  payload: unknown,
  { timeoutMs, ...options }: NotifyOptions & WaitOptions,
  schemaOf: SchemaOf,
): Promise<EventEnd> {
  const wait = timeoutMs === undefined ? {} : { timeoutMs };
  checkWait(wait);
  if (options.tx !== undefined)
    throw new RelayError('RELAY_ARGUMENT_INVALID', 'notifyAndWait cannot send in a transaction', {
      hint: 'The event runs when that has committed: call notify() in it, commit, and then wait for what the handler writes.',
    });
  return waitForEnd(db, await sendNotify(db, channel, payload, options, schemaOf), wait);
}

async function explain(db: Queryable, id: string): Promise<Explanation[]> {
  if (isEventId(id)) return gateway.explain(db, id);
  throw new RelayError('RELAY_ARGUMENT_INVALID', `the id of the event is ${JSON.stringify(id)}`, {
    hint: 'Give the text that notify() returned: a whole number above 0.',
  });
}

function byName(definitions: readonly ChannelDefinition[]): ReadonlyMap<string, ChannelDefinition> {
  const known = new Map(definitions.map((definition) => [definition.name, definition]));
  const twice = definitions.find((definition) => known.get(definition.name) !== definition);
  if (twice === undefined) return known;
  throw new RelayError('RELAY_OPTION_INVALID', `channels has two definitions of ${JSON.stringify(twice.name)}`, {
    hint: 'A channel has one schema: share the definition.',
  });
}
