import { toFailure } from '../db/pg-error.js';
import type { Class } from '../di/injectable.js';
import type { RelayEvent } from '../event.js';
import type { BatchContext, TransactionalContext } from '../handlers/context.js';
import { Effects } from '../handlers/effects.js';
import type { HandlerDefinition, HandlerFunction, HandlerObject } from '../handlers/handler-definition.js';
import { readPayload } from '../handlers/read-payload.js';
import { complete, isOutcome, type Outcome } from '../outcome.js';
import { unlessCancelled } from './cancelled.js';
import { type Attempt, type DispatchEnvironment, runHandler } from './run-handler.js';

/** Runs the handler of one event. Never throws: whatever happens is an Attempt. */
export async function dispatch(
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt> {
  return unlessCancelled(await run(event, handler, env), env.claim);
}

async function run(
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt> {
  const log = env.log.child({ eventId: event.id, channel: event.channel });
  try {
    const payload = await readPayload(event.payload, handler.payload);
    if ('refused' in payload) return { outcome: payload.refused };
    const ran = await runHandler(env, log, (ctx) =>
      call(handler, { ...event, payload: payload.value }, withEffects(env, event.id, ctx), env),
    );
    return 'attempt' in ran ? ran.attempt : { outcome: asOutcome(ran.value) };
  } catch (error) {
    return { failure: toFailure(error), error };
  }
}

function withEffects(env: DispatchEnvironment, eventId: string, ctx: BatchContext): TransactionalContext {
  const effects = new Effects(env.control, env.fence, eventId, ctx.signal);
  return { ...ctx, tx: env.db, once: (name, make) => effects.once(name, make) };
}

async function call(
  handler: HandlerDefinition,
  event: RelayEvent,
  ctx: TransactionalContext,
  env: DispatchEnvironment,
): Promise<unknown> {
  if (!handler.isClass) return (handler.run as HandlerFunction)(event as RelayEvent<never>, ctx);
  const target = env.scope.eventScope().construct(handler.run as Class<HandlerObject>, event, ctx.signal, ctx.log);
  return target.handle(event as RelayEvent<never>, ctx);
}

function asOutcome(result: unknown): Outcome {
  if (result === undefined) return complete();
  if (isOutcome(result)) return result;
  throw new Error(
    `the handler returned ${typeof result === 'object' ? 'an object' : typeof result}; it may return nothing, complete(), retryIn(ms), fail(code), cancel() or snooze(ms)`,
  );
}
