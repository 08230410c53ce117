import { isServerAway } from '../db/pg-error.js';
import { type BatchResult, runBatch, runSuspects } from '../flow/run-batch.js';
import { logOutcome } from '../telemetry/log-outcome.js';
import type { BatchSettled } from '../telemetry/telemetry-events.js';
import { moreIf, type Turn, type TurnEnd } from './turn.js';

/** Batches of a SQL channel, one after the other, until it is drained or a look is due. */
export async function sqlTurn({ worker, db, shared, channel, fence }: Turn): Promise<TurnEnd> {
  const { running, sqlBatches, log, poller, marks, suspects, telemetry } = shared;
  if (running.has(channel.id) && !channel.parallel) return 'full';
  running.add(channel.id);
  const size = shared.size(channel.id);
  const draining = () => shared.draining;
  try {
    let result: BatchResult;
    do {
      const from = marks.of(channel.id);
      const startedAt = performance.now();
      result = suspects.has(channel.id)
        ? await runSuspects(db, fence, worker, channel, size.limit, from, draining, suspects, sqlBatches)
        : await runBatch(db, fence, worker, channel, size, from, draining, sqlBatches);
      for (const trouble of result.troubles) logOutcome(log, trouble, channel.name);
      if (result.done + result.troubles.length > 0 && telemetry.wants('batch.settled'))
        telemetry.tell('batch.settled', settled(fence.slot, channel.name, result, startedAt));
      if (result.done > 0) log.debug({ channel: channel.name, events: result.done }, 'batch done');
      marks.took();
      if (!result.busy) poller.progressed();
    } while (result.more && !shared.draining && poller.dueInMs() > 0);
    await db.resetSession();
    return result.busy ? 'full' : moreIf(result.more);
  } catch (error) {
    if (isServerAway(error)) suspects.batchLost(channel.id, error);
    else await db.resetSession(); // batches before the one that failed may have left something
    throw error;
  } finally {
    running.delete(channel.id);
  }
}

function settled(slot: number, channel: string, { done, troubles }: BatchResult, startedAt: number): BatchSettled {
  const count = (outcome: string) => troubles.filter((trouble) => trouble.outcome === outcome).length;
  const ms = performance.now() - startedAt;
  return { slot, channel, done, retried: count('retried'), failed: count('failed'), ms };
}
