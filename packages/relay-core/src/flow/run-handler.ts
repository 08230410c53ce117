import type { Logger } from 'pino';
import type { NotifyOptions } from '../client.js';
import type { Fence } from '../db/gateway.js';
import { wasOwnLoss, watchOwn } from '../db/own-connection.js';
import { type Failure, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { BatchContext } from '../handlers/context.js';
import type { Outcome } from '../outcome.js';
import { type SchemaOf, sendNotify, sendNotifyMany } from '../send.js';

/** How an attempt ended: an Outcome, an error that the retry policy judges, or the loss of our own connection, uncounted. */
export type Attempt =
  | { readonly outcome: Outcome }
  | { readonly failure: Failure; readonly error: unknown }
  | { readonly lost: true; readonly error: unknown };

export interface DispatchEnvironment {
  readonly scope: ProcessorScope;
  readonly log: Logger;
  /** Aborted when the Processor is forced to stop. */
  readonly stopping: AbortSignal;
  readonly timeoutMs: number;
  /** Where ctx.notify writes: the control connection, or the handler's transaction. */
  readonly db: Queryable;
  /** Where ctx.once writes. */
  readonly control: Queryable;
  readonly fence: Fence;
  /** Schemas of the channels that this Processor has handlers for; ctx.notify checks payloads by them. */
  readonly schemaOf: SchemaOf;
}

/** What `runHandler` found: the value that the handler returned, or the attempt it ended with instead. */
export type Ran = { readonly value: unknown } | { readonly attempt: Attempt };

/** The attempt that ended with an error. */
export function attemptOf(error: unknown): Attempt {
  return wasOwnLoss(error) ? { lost: true, error } : { failure: toFailure(error), error };
}

/** Gives a handler its time and its context. Never throws. */
export async function runHandler(
  env: DispatchEnvironment,
  log: Logger,
  call: (ctx: BatchContext) => Promise<unknown>,
): Promise<Ran> {
  const timeout = new AbortController();
  const ctx: BatchContext = {
    signal: AbortSignal.any([timeout.signal, env.stopping]),
    log,
    notify: (channel, data?: unknown, options: NotifyOptions = {}) => {
      const sent = sendNotify(env.db, channel, data, options, env.schemaOf);
      return options.tx === undefined ? watchOwn(sent) : sent;
    },
    notifyMany: (channel, events, options = {}) => {
      const sent = sendNotifyMany(env.db, channel, events, options, env.schemaOf);
      return options.tx === undefined ? watchOwn(sent) : sent;
    },
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ran>((resolve) => {
    timer = setTimeout(() => {
      const error = new Error(`the handler took longer than ${env.timeoutMs} ms`);
      timeout.abort(error);
      resolve({ attempt: { failure: toFailure(error, 'handler_timeout'), error } });
    }, env.timeoutMs);
  });
  try {
    return await Promise.race([call(ctx).then((value) => ({ value })), late]);
  } catch (error) {
    return { attempt: attemptOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
