import { gateway, type Trouble } from '../db/gateway.js';
import type { Claim } from '../flow/in-flight.js';
import { runTransaction } from '../flow/run-transaction.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import { logOutcome } from '../telemetry/log-outcome.js';
import type { AttemptSettled } from '../telemetry/telemetry-events.js';
import { moreIf, type Turn, type TurnEnd } from './turn.js';

/** Events of a transactional handler that a worker claims at once; it runs them one after the other. */
const claimAtOnce = 10;

/** A few events of a transactional handler, each in a transaction of its own on the worker's connection. */
export async function transactionalTurn(turn: Turn, handler: HandlerDefinition): Promise<TurnEnd> {
  const { db, shared, channel } = turn;
  const events = await turn.claim(channel.limited === null ? claimAtOnce : 1); // one that waits here would hold its permit
  const left = new Set(events.map(({ event }) => event.id));
  try {
    for (const { claimed, event } of events) {
      if (shared.draining) break;
      turn.tellStarted(claimed);
      const startedAt = performance.now();
      const row = await runTransaction(db, claimed, event, handler, turn.environment(handler)).catch(async (error) => {
        if (await turn.countLoss(event.id, startedAt, error)) left.delete(event.id);
        throw error;
      });
      left.delete(event.id);
      shared.suspects.ended(event.id);
      if (row !== undefined) {
        logOutcome(shared.log, row);
        if (shared.telemetry.wants('attempt.settled'))
          shared.telemetry.tell('attempt.settled', settled(claimed, row, startedAt));
      }
      if ((row?.outcome === 'failed' || row?.outcome === 'retried') && left.size > 0)
        if (!(await gateway.letsThrough(db, channel.id))) break; // it has just opened the channel's breaker
    }
  } finally {
    for (const { claimed } of events) shared.inFlight.delete(claimed);
    await turn.giveBack([...left]);
  }
  if (channel.limited !== null && events.length > 0) shared.wakeFor(channel.id); // another worker may have been refused meanwhile
  return moreIf(events.length > 0);
}

function settled({ fence, id, channel }: Claim, row: Required<Trouble>, startedAt: number): AttemptSettled {
  const { attempt, outcome, code, sqlstate } = row;
  return {
    slot: fence.slot,
    channel,
    eventId: id,
    attempt,
    outcome,
    code,
    sqlstate,
    ms: performance.now() - startedAt,
  };
}
