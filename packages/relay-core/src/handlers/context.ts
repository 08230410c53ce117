import type { Logger } from 'pino';
import type { ChannelRef, NoChannels, NotifyArguments, PayloadFor } from '../channels/notify-arguments.js';
import type { NotifyEvent, NotifyOptions } from '../client.js';
import type { Queryable } from '../db/queryable.js';
import type { ContextExtensions } from './context-extensions.js';

/** What a batch handler gets beside the events, and what plugins add (`ctx.http`). */
export interface BatchContext extends ContextExtensions {
  /**
   * Aborted when the handler's time is up, when the Processor is made to stop, and when pgrelay.cancel() asks for the event's
   * end (not in a batch handler). A handler that throws because of the last ends as cancelled.
   */
  readonly signal: AbortSignal;
  /** A pino logger with the event's id and channel (a batch: their number). The relay itself never logs a payload. */
  readonly log: Logger;
  /**
   * Sends an event; in a transactional handler it is part of the transaction. Returns the event's id. The payload is
   * checked by the schema of a definition, or that of the handler which this Processor has for the channel.
   */
  notify<const T extends ChannelRef>(
    channel: T,
    ...rest: NotifyArguments<PayloadFor<T, NoChannels>, NotifyOptions>
  ): Promise<string>;
  /**
   * Sends many events of one channel at once, in their order, and checks them as `notify` does; in a transactional handler
   * they are part of the transaction.
   */
  notifyMany<const T extends ChannelRef>(
    channel: T,
    events: readonly NotifyEvent<PayloadFor<T, NoChannels>>[],
    options?: Pick<NotifyOptions, 'tx' | 'traceparent'>,
  ): Promise<string[]>;
}

/** What the handler of one event gets beside it. */
export interface HandlerContext extends BatchContext {
  /**
   * Makes an effect outside the database at most once for this event and name, and keeps its result, which must be plain
   * JSON: a retry gets the result instead. When `make` throws, nothing is kept. A Processor that dies between the effect
   * and its record repeats it, so pass the event's id on to a receiver that can tell doubles.
   * @throws RelayError RELAY_ARGUMENT_INVALID, RELAY_RESULT_INVALID, RELAY_FENCED
   */
  once<T>(name: string, make: () => Promise<T> | T): Promise<T>;
  /**
   * The W3C traceparent under which the event was sent, or undefined: pass it on in the header of that name, or make a span
   * below it. What `ctx.notify` sends inherits it. Asks the database.
   */
  traceparent(): Promise<string | undefined>;
  /**
   * Says how far this attempt has come, for the view pgrelay.events: a number whose meaning is yours (a share, a count) and a
   * note of at most 200 octets, for people; never put the payload there. Written at once, also from a transactional handler,
   * and at most twice a second: what is said in between is left out. Nothing is lost when the database is away.
   * @throws RelayError RELAY_ARGUMENT_INVALID, RELAY_FENCED when the event is no longer this Processor's
   */
  progress(progress: number, note?: string): Promise<void>;
}

/** What a transactional handler gets. */
export interface TransactionalContext extends HandlerContext {
  /** The transaction that also ends the event: both commit, or neither. Useless once the handler has returned. */
  readonly tx: Queryable;
}
