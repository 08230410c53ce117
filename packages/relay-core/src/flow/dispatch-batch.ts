import { toFailure } from '../db/pg-error.js';
import type { RelayEvent } from '../event.js';
import type { BatchFunction, HandlerDefinition } from '../handlers/handler-definition.js';
import { readPayload } from '../handlers/read-payload.js';
import { complete, isOutcome } from '../outcome.js';
import { type Attempt, attemptOf, type DispatchEnvironment, runHandler } from './run-handler.js';

/**
 * Runs a batch handler: one call for all events whose payload can be read; the others fail by themselves. Returns an
 * Attempt for each event, in their order. What the handler throws, or the time being up, is the attempt of all it got.
 */
export async function dispatchBatch(
  events: readonly RelayEvent<string | null>[],
  handler: HandlerDefinition,
  env: DispatchEnvironment,
): Promise<Attempt[]> {
  const attempts = new Map<string, Attempt>();
  const given: RelayEvent<never>[] = [];
  for (const event of events) {
    try {
      const payload = await readPayload(event.payload, handler.payload);
      if ('refused' in payload) attempts.set(event.id, { outcome: payload.refused });
      else given.push({ ...event, payload: payload.value as never });
    } catch (error) {
      attempts.set(event.id, { failure: toFailure(error), error });
    }
  }
  if (given.length > 0) {
    const ran = await runHandler(env, { channel: handler.channel, events: given.length }, async (ctx) =>
      toAttempts(await (handler.run as BatchFunction)(given, ctx), given.length),
    );
    for (const [index, event] of given.entries())
      attempts.set(event.id, 'attempt' in ran ? ran.attempt : ((ran.value as Attempt[])[index] as Attempt));
  }
  return events.map((event) => attempts.get(event.id) as Attempt);
}

function toAttempts(results: unknown, count: number): Attempt[] {
  if (results === undefined) return Array.from({ length: count }, () => ({ outcome: complete() }));
  if (!Array.isArray(results) || results.length !== count)
    throw new Error(
      `the batch handler got ${count} events and returned ${Array.isArray(results) ? `${results.length} results` : typeof results}; return nothing, or one result for each event`,
    );
  return Array.from(results, (result: unknown): Attempt => {
    if (result === undefined) return { outcome: complete() };
    if (result instanceof Error) return attemptOf(result);
    try {
      if (isOutcome(result)) return { outcome: result };
      throw new Error('a result of the batch handler is neither an outcome nor an Error');
    } catch (error) {
      return { failure: toFailure(error), error };
    }
  });
}
