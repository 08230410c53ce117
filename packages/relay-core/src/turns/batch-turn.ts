import { dispatchBatch } from '../flow/dispatch-batch.js';
import type { Attempt } from '../flow/run-handler.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import { moreIf, type Turn, type TurnEnd } from './turn.js';

/** Claims the events of one call of a batch handler, which runs beside the worker. */
export async function batchTurn(turn: Turn, handler: HandlerDefinition, limit: number): Promise<TurnEnd> {
  const { shared, channel } = turn;
  const { batches, settler, control } = shared;
  const count = (by: number) => batches.set(channel.id, (batches.get(channel.id) ?? 0) + by);
  if ((batches.get(channel.id) ?? 0) >= (handler.concurrency ?? 1)) return 'full';
  count(1);
  const claims = await turn.claim(limit).catch((error) => {
    count(-1);
    throw error;
  });
  for (const { claimed } of claims) turn.tellStarted(claimed);
  const startedAt = performance.now();
  const events = claims.map(({ event }) => event);
  void dispatchBatch(events, handler, { ...turn.environment(handler), db: control }).then((all) => {
    count(-1);
    const wake = () => shared.wakeFor(channel.id);
    for (const [index, { claimed: claim }] of claims.entries())
      settler.add({
        claim,
        attempt: all[index] as Attempt,
        startedAt,
        finishedAt: performance.now(),
        ...(channel.limited === null ? {} : { written: wake }), // only then its permit is free
      });
    if (events.length > 0 && channel.limited === null) wake();
  });
  return moreIf(events.length > 0);
}
