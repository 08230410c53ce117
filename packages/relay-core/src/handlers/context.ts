import type { Logger } from 'pino';
import type { NotifyEvent, NotifyOptions } from '../client.js';
import type { Queryable } from '../db/queryable.js';

/** What every handler gets beside the event. */
export interface HandlerContext {
  /** Aborted when the handler's time is up and when the Processor is made to stop. */
  readonly signal: AbortSignal;
  /** A pino logger with the event's id and channel. The relay itself never logs a payload. */
  readonly log: Logger;
  /** Sends an event; in a transactional handler it is part of the transaction. Returns the event's id. */
  notify(channel: string, payload?: unknown, options?: NotifyOptions): Promise<string>;
  /** Sends many events of one channel at once, in their order; in a transactional handler they are part of the transaction. */
  notifyMany(channel: string, events: readonly NotifyEvent[], options?: Pick<NotifyOptions, 'tx'>): Promise<string[]>;
}

/** What a transactional handler gets. */
export interface TransactionalContext extends HandlerContext {
  /** The transaction that also ends the event: both commit, or neither. Useless once the handler has returned. */
  readonly tx: Queryable;
}
