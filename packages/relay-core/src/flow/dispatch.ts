import type { Logger } from 'pino';
import { sendNotify, sendNotifyMany } from '../client.js';
import { type Failure, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { Class } from '../di/injectable.js';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { RelayEvent } from '../event.js';
import type { TransactionalContext } from '../handlers/context.js';
import type { HandlerDefinition, HandlerFunction, HandlerObject } from '../handlers/handler-definition.js';
import { readPayload } from '../handlers/read-payload.js';
import { complete, isOutcome, type Outcome } from '../outcome.js';

/** How an attempt ended: an Outcome, or an error that the channel's retry policy judges. */
export type Attempt = { readonly outcome: Outcome } | { readonly failure: Failure; readonly error: unknown };

export interface DispatchEnvironment {
  readonly scope: ProcessorScope;
  readonly log: Logger;
  /** Aborted when the Processor is forced to stop. */
  readonly stopping: AbortSignal;
  readonly timeoutMs: number;
  /** Where ctx.notify writes: the control connection, or the handler's transaction. */
  readonly db: Queryable;
}

/** Runs the handler of one event. Never throws: whatever happens is an Attempt. */
export async function dispatch(
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt> {
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, env.stopping]);
  const log = env.log.child({ eventId: event.id, channel: event.channel });
  let timer: NodeJS.Timeout | undefined;
  try {
    const payload = await readPayload(event.payload, handler.payload);
    if ('refused' in payload) return { outcome: payload.refused };
    const ctx: TransactionalContext = {
      signal,
      log,
      tx: env.db,
      notify: (channel, data, options = {}) => sendNotify(options.tx ?? env.db, channel, data, options),
      notifyMany: (channel, events, options = {}) => sendNotifyMany(options.tx ?? env.db, channel, events),
    };
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), env.timeoutMs);
    });
    const result = await Promise.race([call(handler, { ...event, payload: payload.value }, ctx, env.scope), late]);
    if (result === 'late') {
      const reason = new Error(`the handler took longer than ${env.timeoutMs} ms`);
      timeout.abort(reason);
      return { failure: { ...toFailure(reason, 'handler_timeout') }, error: reason };
    }
    return { outcome: asOutcome(result) };
  } catch (error) {
    return { failure: toFailure(error), error };
  } finally {
    clearTimeout(timer);
  }
}

async function call(
  handler: HandlerDefinition,
  event: RelayEvent,
  ctx: TransactionalContext,
  scope: ProcessorScope,
): Promise<unknown> {
  if (!handler.isClass) return (handler.run as HandlerFunction)(event as RelayEvent<never>, ctx);
  const target = scope.eventScope().construct(handler.run as Class<HandlerObject>, event, ctx.signal, ctx.log);
  return target.handle(event as RelayEvent<never>, ctx);
}

function asOutcome(result: unknown): Outcome {
  if (result === undefined) return complete();
  if (isOutcome(result)) return result;
  throw new Error(
    `the handler returned ${typeof result === 'object' ? 'an object' : typeof result}; it may return nothing, complete(), retryIn(ms), fail(code), cancel() or snooze(ms)`,
  );
}
