import type { Connection } from '../db/connection.js';
import { gateway, type Trouble } from '../db/gateway.js';
import { watchOwn } from '../db/own-connection.js';
import { isConnectionLoss, isRefusal, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { RelayEvent } from '../event.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import { dispatch } from './dispatch.js';
import type { Claim } from './in-flight.js';
import { judge } from './judge.js';
import type { Attempt, DispatchEnvironment } from './run-handler.js';
import { refused, toSettlement } from './settlement.js';

/**
 * Runs a transactional handler on a worker's connection: the handler's writes, its child events, the event's end and the
 * audit row are one commit. The settlement is the last statement; when it finds no row, this Processor was declared dead
 * meanwhile and everything is rolled back. After an error the writes are undone, and then the failure is written.
 * Returns the logged end, or undefined when the event belongs to somebody else by now.
 */
export async function runTransaction(
  connection: Connection,
  claim: Claim,
  event: RelayEvent<string | null>,
  handler: HandlerDefinition,
  env: Omit<DispatchEnvironment, 'db'>,
): Promise<Required<Trouble> | undefined> {
  await connection.statementTimeout(env.timeoutMs);
  return connection.pinned(async (db) => {
    const startedAt = performance.now();
    let settler: Queryable = db;
    const settle = (attempt: Attempt) =>
      gateway.settle(settler, claim.fence, [
        toSettlement({ claim, attempt, startedAt, finishedAt: performance.now() }),
      ]);
    await db.query(connection.beginFor(env.timeoutMs));
    const tx = new Transaction(db);
    let attempt = await dispatch(event, handler, { ...env, db: tx, claim });
    await tx.close();
    if ('lost' in attempt) throw attempt.error;
    if (db.getTransactionStatus() === 'I') attempt = endedByHandler;
    if (keepsWrites(attempt)) {
      try {
        const rows = await settle(attempt);
        await db.query(connection.endWith(rows.length === 1 ? 'commit' : 'rollback'));
        return rows[0];
      } catch (error) {
        if (isConnectionLoss(error)) throw error;
        attempt = judge({ failure: toFailure(error), error }, handler);
      }
    }
    try {
      await db.query(connection.endWith('rollback'));
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      settler = env.control; // the server undoes it by itself, and the attempt has failed all the same
    }
    try {
      return (await settle(attempt))[0];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return (await settle(refused({ claim, attempt, startedAt, finishedAt: performance.now() }, error).attempt))[0];
    }
  });
}

/** A COMMIT or ROLLBACK of its own leaves nothing that the event's end could be one commit with. */
const endedByHandler: Attempt = {
  failure: { code: 'transaction_ended', message: 'the handler ended the transaction of ctx.tx itself' },
  error: undefined,
};

function keepsWrites(attempt: Attempt): boolean {
  return (
    'outcome' in attempt &&
    attempt.undo !== true &&
    attempt.outcome.kind !== 'failed' &&
    attempt.outcome.kind !== 'retried'
  );
}

/** The handler's view of the transaction: one statement after the other, and none once the handler's time is over. */
class Transaction implements Queryable {
  readonly #db: Queryable;
  #last: Promise<unknown> = Promise.resolve();
  #open = true;

  constructor(db: Queryable) {
    this.#db = db;
  }

  query<R extends Record<string, unknown>>(text: string, values?: unknown[]) {
    if (!this.#open) return Promise.reject(new Error('ctx.tx was used after the handler had ended'));
    const result = this.#last.then(() => watchOwn(this.#db.query<R>(text, values)));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Waits for a statement that a late handler has still under way. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#last;
  }
}
