import { gateway } from '../db/gateway.js';
import { runToplevel } from '../flow/run-toplevel.js';
import { lookTimeoutMs, type Turn, type TurnEnd } from './turn.js';

/** One event of a top-level channel; one at a time in the whole cluster. */
export async function toplevelTurn(turn: Turn): Promise<TurnEnd> {
  const { db, shared, channel, fence } = turn;
  await db.statementTimeout(lookTimeoutMs);
  shared.claims += 1;
  const event = await gateway.claimToplevel(db, fence, turn.worker, channel.id);
  if (event === undefined) return 'full'; // or there is none
  const claimed = shared.inFlight.add(fence, channel, event);
  turn.tellClaimed(1);
  turn.tellStarted(claimed);
  const startedAt = performance.now();
  try {
    shared.settler.add(await runToplevel(db, claimed, event, channel, shared.control));
    shared.suspects.ended(event.id);
    return 'more';
  } catch (error) {
    shared.inFlight.delete(claimed);
    if (!(await turn.countLoss(event.id, startedAt, error))) await turn.giveBack([event.id]);
    throw error;
  }
}
