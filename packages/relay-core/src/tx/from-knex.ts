import { sqlstateOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { noTransaction } from './no-transaction.js';
import { splitStatement } from './split-statement.js';
import { textValues } from './text-values.js';

/** A transaction of Knex. `isCompleted` is what the mere `knex` lacks. */
export interface KnexTransaction {
  raw(sql: string, bindings: readonly unknown[]): KnexRaw;
  isCompleted(): boolean;
}

/** What `raw` of Knex returns. */
export interface KnexRaw extends PromiseLike<unknown> {
  toQuery(): string;
}

/**
 * Sends events in a transaction of Knex: `{ tx: fromKnex(trx) }`.
 * @throws RelayError RELAY_TRANSACTION_INVALID
 */
export function fromKnex(trx: KnexTransaction): Queryable {
  if (typeof trx?.isCompleted !== 'function' || typeof trx.raw !== 'function')
    throw noTransaction('Knex', 'knex.transaction(async (trx) => … fromKnex(trx))');
  return {
    async query<R>(text: string, values: unknown[] = []) {
      const statement = splitStatement(text, textValues(values));
      const sql = statement.texts.map((part) => part.replaceAll('?', '\\?')).join('?');
      const raw = trx.raw(sql, statement.values);
      try {
        const { rows } = (await raw) as { readonly rows: R[] };
        return { rows, rowCount: rows.length };
      } catch (error) {
        throw withoutStatement(error, [raw.toQuery(), text]);
      }
    },
  };
}

/** Knex puts the statement before the server's message, and with it the payload, which an error must not carry. */
function withoutStatement(error: unknown, statements: readonly string[]): unknown {
  if (!(error instanceof Error) || sqlstateOf(error) === undefined) return error;
  const found = statements.find((statement) => error.message.startsWith(`${statement} - `));
  error.message = found === undefined ? 'the database refused the call' : error.message.slice(found.length + 3);
  return error;
}
