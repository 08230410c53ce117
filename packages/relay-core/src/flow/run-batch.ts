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

/** A batch of SQL actions ends by itself after this many ms, and what is left runs in the next one. */
const batchCapMs = 50;

export interface BatchResult {
  /** There probably is more to run. */
  readonly more: boolean;
  readonly done: number;
  readonly troubles: readonly Trouble[];
}

/**
 * Claims, runs and settles a batch of a SQL channel in one server call. When the statement timeout undoes it, the same
 * events run one by one, and the one that takes too long fails by itself.
 */
export async function runBatch(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  size: BatchSize,
  marks: ChannelMarks,
  draining: () => boolean,
): Promise<BatchResult> {
  const limit = size.limit;
  try {
    await db.statementTimeout(limit === 1 ? channel.timeoutMs : channel.timeoutMs + batchCapMs);
    const startedAt = performance.now();
    const batch = await gateway.runBatch(db, fence, worker, channel.id, limit, size.singly, batchCapMs, marks);
    size.learn(batch, performance.now() - startedAt, channel.timeoutMs);
    return report(batch, limit);
  } catch (error) {
    if (sqlstateOf(error) !== '57014') throw error;
  }
  size.timedOut();
  return runSingly(db, fence, worker, channel, limit, marks, draining);
}

async function runSingly(
  db: Connection,
  fence: Fence,
  worker: number,
  channel: PolledChannel,
  limit: number,
  marks: ChannelMarks,
  draining: () => boolean,
): Promise<BatchResult> {
  let done = 0;
  const troubles: Trouble[] = [];
  for (const id of await gateway.peek(db, channel.id, limit, marks)) {
    if (draining()) break;
    const startedAt = performance.now();
    try {
      await db.statementTimeout(channel.timeoutMs);
      const batch = await gateway.runBatch(db, fence, worker, channel.id, 1, true, batchCapMs, marks, id);
      done += batch.done;
      troubles.push(...batch.troubles.map((trouble) => ({ ...trouble, channel: channel.name })));
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
  return { more: true, done, troubles };
}

function report(batch: BatchRow, limit: number): BatchResult {
  const ran = batch.done + batch.retried + batch.failed;
  return {
    more: !batch.busy && (batch.taken === limit || ran < batch.taken),
    done: batch.done,
    troubles: batch.troubles,
  };
}
