import type { Connection } from '../db/connection.js';
import {
  type BatchRow,
  type ChannelMarks,
  type Fence,
  gateway,
  type PolledChannel,
  type Trouble,
} from '../db/gateway.js';
import { sqlstateOf } from '../db/pg-error.js';
import type { BatchSize } from './batch-size.js';
import type { RunningBatches } from './running-batches.js';
import { lostAs, type Suspects } from './suspects.js';

/** A batch of SQL actions ends by itself after this many ms, and what is left runs in the next one. */
const batchCapMs = 50;

export interface BatchResult {
  /** There probably is more to run. */
  readonly more: boolean;
  /** Another batch of the channel runs, elsewhere. */
  readonly busy: boolean;
  readonly done: number;
  readonly troubles: readonly Trouble[];
}

/**
 * Claims, runs and settles a batch of a SQL channel in one server call. When the statement timeout undoes it, the same
 * events run one by one, and the one that takes too long fails by itself. When cancel() undoes it, the event that was meant ends
 * and the others come with the next batch.
 */
export async function runBatch(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  size: BatchSize,
  marks: ChannelMarks,
  draining: () => boolean,
  batches: RunningBatches,
): Promise<BatchResult> {
  const limit = size.limit;
  try {
    await db.statementTimeout(limit === 1 ? channel.timeoutMs : channel.timeoutMs + batchCapMs);
    const startedAt = performance.now();
    const ran = await batches.run(db, (client) =>
      gateway.runBatch(client, fence, worker, channel.id, limit, size.singly, batchCapMs, marks),
    );
    if ('stopped' in ran)
      return {
        more: true,
        busy: false,
        done: 0,
        troubles: await endStopped(db, fence, worker, channel, ran.stopped, startedAt),
      };
    const batch = ran.answer;
    size.learn(batch, performance.now() - startedAt, channel.timeoutMs);
    return report(batch);
  } catch (error) {
    if (sqlstateOf(error) !== '57014') throw error;
  }
  size.timedOut();
  return runSingly(db, fence, worker, channel, limit, marks, draining, batches);
}

/**
 * After a connection was lost in the middle of a batch: counts the loss of the event that was alone, if one was, and runs
 * what the batch had one by one, so that the next loss has a culprit.
 */
export async function runSuspects(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  limit: number,
  marks: ChannelMarks,
  draining: () => boolean,
  suspects: Suspects,
  batches: RunningBatches,
): Promise<BatchResult> {
  const culprit = suspects.takeAlone(channel.id, worker);
  const troubles: Trouble[] = [];
  if (culprit !== undefined) {
    const { id, startedAt } = culprit;
    const outcome = await gateway.lose(db, fence, worker, id, performance.now() - startedAt);
    if (outcome !== null) troubles.push({ id, channel: channel.name, ...lostAs(outcome) });
  }
  const result = await runSingly(db, fence, worker, channel, limit, marks, draining, batches, (id) =>
    suspects.alone(channel.id, worker, id),
  );
  suspects.clear(channel.id);
  return { ...result, troubles: [...troubles, ...result.troubles] };
}

async function runSingly(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  limit: number,
  marks: ChannelMarks,
  draining: () => boolean,
  batches: RunningBatches,
  before: (id: string) => void = () => undefined,
): Promise<BatchResult> {
  let done = 0;
  const troubles: Trouble[] = [];
  for (const id of await gateway.peek(db, channel.id, limit, marks)) {
    if (draining()) break;
    before(id);
    const startedAt = performance.now();
    try {
      await db.statementTimeout(channel.timeoutMs);
      const ran = await batches.run(db, (client) =>
        gateway.runBatch(client, fence, worker, channel.id, 1, true, batchCapMs, marks, id),
      );
      if ('stopped' in ran) {
        troubles.push(...(await endStopped(db, fence, worker, channel, ran.stopped, startedAt)));
        continue;
      }
      done += ran.answer.done;
      troubles.push(...ran.answer.troubles.map((trouble) => ({ ...trouble, channel: channel.name })));
    } catch (error) {
      if (sqlstateOf(error) !== '57014') throw error;
      const failure = {
        sqlstate: '57014',
        code: 'action_timeout',
        message: `the action took longer than ${channel.timeoutMs} ms`,
      };
      const outcome = await gateway.fail(db, fence, worker, id, performance.now() - startedAt, failure);
      if (outcome !== null)
        troubles.push({ id, channel: channel.name, outcome, attempt: 0, sqlstate: '57014', code: 'action_timeout' });
    }
  }
  return { more: true, busy: false, done, troubles };
}

/** A batch was cancelled because of these events: they end, and what else it had is ready as before. */
async function endStopped(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  ids: readonly string[],
  startedAt: number,
): Promise<readonly Trouble[]> {
  const ended = await gateway.endCancelled(db, fence, worker, ids, performance.now() - startedAt);
  return ended.map((trouble) => ({ ...trouble, channel: channel.name }));
}

function report(batch: BatchRow): BatchResult {
  return {
    more: !batch.busy && batch.taken > 0, // fewer than asked for need not be all
    busy: batch.busy,
    done: batch.done,
    troubles: batch.troubles,
  };
}
