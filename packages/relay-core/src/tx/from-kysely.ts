import { sourceOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { noTransaction } from './no-transaction.js';
import { textValues } from './text-values.js';

/** A statement in the form in which Kysely runs it. */
export interface KyselyStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

/** A transaction of Kysely, controlled or not. `isTransaction` is what tells it from a mere database. */
export interface KyselyTransaction {
  readonly isTransaction: true;
  executeQuery(statement: KyselyStatement): Promise<{ readonly rows: unknown[] }>;
}

/**
 * Sends events in a transaction of Kysely: `{ tx: fromKysely(trx) }`.
 * @throws RelayError RELAY_TRANSACTION_INVALID
 */
export function fromKysely(trx: KyselyTransaction): Queryable {
  if (trx?.isTransaction !== true)
    throw noTransaction('Kysely', 'db.transaction().execute(async (trx) => … fromKysely(trx))');
  return {
    async query<R>(text: string, values: unknown[] = []) {
      const query = { kind: 'RawNode', sqlFragments: [text], parameters: [] } as const;
      const queryId = { queryId: 'pgrelay' };
      try {
        const { rows } = await trx.executeQuery({ sql: text, parameters: textValues(values), query, queryId });
        return { rows: rows as R[], rowCount: rows.length };
      } catch (error) {
        throw sourceOf(error);
      }
    },
  };
}
