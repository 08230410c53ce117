import type { Logger } from 'pino';
import { sendNotify, sendNotifyMany } from '../client.js';
import type { Fence } from '../db/gateway.js';
import { wasOwnLoss, watchOwn } from '../db/own-connection.js';
import { type Failure, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { BatchContext } from '../handlers/context.js';
import type { Outcome } from '../outcome.js';
import type { Claim } from './in-flight.js';

/** How an attempt ended: an Outcome, an error that the retry policy judges, or the loss of our own connection, uncounted. */
export type Attempt =
  /** undo: nothing that the handler wrote in its transaction is kept. */
  | { readonly outcome: Outcome; readonly undo?: true }
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
  /** The attempt, where its event can be cancelled by itself. */
  readonly claim?: Claim;
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
  if (env.claim !== undefined) env.claim.abort = (reason) => timeout.abort(reason);
  if (env.claim?.cancelled === true) timeout.abort(new Error('the event was cancelled'));
  const ctx: BatchContext = {
    signal: AbortSignal.any([timeout.signal, env.stopping]),
    log,
    notify: (channel, data, options = {}) =>
      options.tx === undefined
        ? watchOwn(sendNotify(env.db, channel, data, options))
        : sendNotify(options.tx, channel, data, options),
    notifyMany: (channel, events, options = {}) =>
      options.tx === undefined
        ? watchOwn(sendNotifyMany(env.db, channel, events))
        : sendNotifyMany(options.tx, channel, events),
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
