import { sourceOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { noTransaction } from './no-transaction.js';
import { splitStatement } from './split-statement.js';
import { textValues } from './text-values.js';

/** A transaction of Drizzle on PostgreSQL. `rollback` is what a mere database lacks. */
export interface DrizzleTransaction<Q> {
  execute(query: Q): PromiseLike<unknown>;
  rollback(): never;
}

/** The tag `sql` of drizzle-orm. */
export interface DrizzleSql<Q> {
  (texts: TemplateStringsArray, ...values: unknown[]): Q;
  param(value: unknown): unknown;
}

/**
 * Sends events in a transaction of Drizzle: `{ tx: fromDrizzle(tx, sql) }` with `sql` of drizzle-orm.
 * @throws RelayError RELAY_TRANSACTION_INVALID
 */
export function fromDrizzle<Q>(tx: DrizzleTransaction<Q>, sql: DrizzleSql<Q>): Queryable {
  if (typeof tx?.rollback !== 'function' || typeof tx.execute !== 'function')
    throw noTransaction('Drizzle', 'db.transaction(async (tx) => … fromDrizzle(tx, sql))');
  return {
    async query<R>(text: string, values: unknown[] = []) {
      const statement = splitStatement(text, textValues(values));
      const texts = Object.assign([...statement.texts], { raw: statement.texts });
      try {
        const result = await tx.execute(sql(texts, ...statement.values.map((value) => sql.param(value))));
        const rows = (Array.isArray(result) ? result : (result as { readonly rows: unknown[] }).rows) as R[];
        return { rows, rowCount: rows.length };
      } catch (error) {
        throw sourceOf(error);
      }
    },
  };
}
