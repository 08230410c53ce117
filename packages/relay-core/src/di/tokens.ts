import type { Logger } from 'pino';
import type { RelayEvent } from '../event.js';

declare const provides: unique symbol;

/** Names something that can be injected, and its type. */
export type Token<T> = symbol & { readonly [provides]?: T };

/** Makes a token. The same name gives the same token, also across two installed copies of this package. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`pgrelay:${name}`);
}

/** The Processor's pino logger. */
export const LOGGER = token<Logger>('relay.Logger');
/** The event being handled; only in class handlers, made anew for each event. */
export const EVENT = token<RelayEvent>('relay.Event');
/** Aborted on timeout and shutdown; only in class handlers. */
export const SIGNAL = token<AbortSignal>('relay.Signal');
/** A child logger with the event's id and channel; only in class handlers. */
export const EVENT_LOGGER = token<Logger>('relay.EventLogger');

/** Tokens that exist only while an event is handled. */
export const eventTokens: ReadonlySet<symbol> = new Set([EVENT, SIGNAL, EVENT_LOGGER]);
