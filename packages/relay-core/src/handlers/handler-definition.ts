import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Class } from '../di/injectable.js';
import type { RelayEvent } from '../event.js';
import type { Outcome } from '../outcome.js';
import type { BreakerOptions } from './breaker-option.js';
import type { BatchContext, TransactionalContext } from './context.js';
import type { DebounceOptions } from './debounce-option.js';
import type { LimitOptions } from './limits-option.js';
import type { RetryOptions, RetryPolicy } from './retry-option.js';

/** `leased`: at least once, for effects outside the database. `transactional`: exactly once, for work inside it. */
export type HandlerMode = 'leased' | 'transactional';

/** How the payload reaches the handler: parsed JSON, the text as it is, or JSON checked by any Standard Schema. */
export type PayloadForm = 'json' | 'text' | StandardSchemaV1;

export interface HandlerOptions {
  /** Default: `leased`. */
  readonly mode?: HandlerMode;
  /** Default: `json`. A payload that is no JSON, or does not fit the schema, is a failed event with its own code. */
  readonly payload?: PayloadForm;
  /**
   * How many events of this channel a Processor handles at once; leased mode only. Default: adapted, 16 to 128: more while
   * handlers wait for others, fewer while they keep the event loop busy. For a batch handler it counts batches, default 1.
   */
  readonly concurrency?: number;
  /** The handler gets up to so many events in one call; leased functions only. Default: one event a call. */
  readonly batch?: number;
  /** When `signal` is aborted and the attempt fails with `handler_timeout`, in ms. Default: the channel's statement timeout. */
  readonly timeoutMs?: number;
  /** What to do about errors. Default: none; errors without SQLSTATE fail at once unless a rule of the channel says otherwise. */
  readonly retry?: RetryOptions;
  /** A circuit breaker of the channel, which pauses it while its target keeps failing. Default: none. */
  readonly breaker?: BreakerOptions;
  /** Limits of the channel over all Processors: how many at once, in all and by key, in which order, how many a period. Default: none. */
  readonly limits?: LimitOptions;
  /** Bursts of events of the channel collapse into one. Default: none. */
  readonly debounce?: DebounceOptions;
}

export const defaultHandlerOptions = { mode: 'leased', payload: 'json' } as const;

/** What a handler returns: nothing (done) or an Outcome. What it throws is judged by the channel's retry policy. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return statement has type Promise<void>
export type HandlerResult = Outcome | void;

/** Any handler, in the form in which the registry keeps it. */
export interface HandlerDefinition {
  readonly channel: string;
  readonly mode: HandlerMode;
  readonly payload: PayloadForm;
  /** Undefined: adapted. */
  readonly concurrency: number | undefined;
  readonly batch: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly breaker: BreakerOptions | undefined;
  readonly limits: LimitOptions | undefined;
  readonly debounce: DebounceOptions | undefined;
  readonly run: HandlerFunction | BatchFunction | Class<HandlerObject>;
  readonly isClass: boolean;
}

export type HandlerFunction = (
  event: RelayEvent<never>,
  ctx: TransactionalContext,
) => Promise<HandlerResult> | HandlerResult;

/** What a batch handler returns: nothing (all are done), or for each event an Outcome, an Error, or undefined (done). */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return statement has type Promise<void>
export type BatchResult = readonly (Outcome | Error | undefined)[] | void;

export type BatchFunction = (
  events: readonly RelayEvent<never>[],
  ctx: BatchContext,
) => Promise<BatchResult> | BatchResult;

/** What a handler class implements. */
export interface HandlerObject {
  handle(event: RelayEvent<never>, ctx: TransactionalContext): Promise<HandlerResult> | HandlerResult;
}
