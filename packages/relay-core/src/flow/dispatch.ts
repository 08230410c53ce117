import { toFailure } from '../db/pg-error.js';
import type { Class } from '../di/injectable.js';
import type { RelayEvent } from '../event.js';
import type { TransactionalContext } from '../handlers/context.js';
import type { HandlerDefinition, HandlerFunction, HandlerObject } from '../handlers/handler-definition.js';
import { readPayload } from '../handlers/read-payload.js';
import { complete, isOutcome, type Outcome } from '../outcome.js';
import { cancelledBefore, unlessCancelled } from './cancelled.js';
import { judge } from './judge.js';
import { type Attempt, type DispatchEnvironment, runHandler } from './run-handler.js';

const done: Attempt = { outcome: complete() };

/** Runs the handler of one event. Never throws: whatever happens is an Attempt. */
export async function dispatch(
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt> {
  if (env.claim?.cancelled === true) return cancelledBefore;
  const ended = await attempt(event, handler, env);
  return unlessCancelled('failure' in ended ? judge(ended, handler) : ended, env.claim);
}

async function attempt(
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt> {
  try {
    const read = readPayload(event.payload, handler.payload);
    const payload = read instanceof Promise ? await read : read;
    if ('refused' in payload) return { outcome: payload.refused };
    const ran = await runHandler(env, { eventId: event.id, channel: event.channel }, (ctx) =>
      call(handler, withPayload(event, payload.value), ctx, env),
    );
    if ('attempt' in ran) return ran.attempt;
    return ran.value === undefined ? done : { outcome: asOutcome(ran.value) };
  } catch (error) {
    return { failure: toFailure(error), error };
  }
}

/** Written out: a copy by spreading costs more than all the rest of this file. */
const withPayload = (event: RelayEvent<string | null>, payload: unknown): RelayEvent => ({
  id: event.id,
  channel: event.channel,
  payload,
  attempt: event.attempt,
  priority: event.priority,
  enqueuedAt: event.enqueuedAt,
  dedupKey: event.dedupKey,
  key: event.key,
});

function call(
  handler: HandlerDefinition,
  event: RelayEvent,
  ctx: TransactionalContext,
  env: DispatchEnvironment,
): unknown {
  if (!handler.isClass) return (handler.run as HandlerFunction)(event as RelayEvent<never>, ctx);
  const target = env.scope.eventScope().construct(handler.run as Class<HandlerObject>, event, ctx.signal, ctx.log);
  return target.handle(event as RelayEvent<never>, ctx);
}

function asOutcome(result: unknown): Outcome {
  if (isOutcome(result)) return result;
  throw new Error(
    `the handler returned ${typeof result === 'object' ? 'an object' : typeof result}; it may return nothing, complete(), retryIn(ms), fail(code), cancel() or snooze(ms)`,
  );
}
