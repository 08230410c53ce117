import { sourceOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { noTransaction } from './no-transaction.js';
import { textValues } from './text-values.js';

/** What runs statements in TypeORM, and knows whether a transaction is open. */
export interface TypeOrmRunner {
  readonly isTransactionActive: boolean;
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** The entity manager that `dataSource.transaction()` gives. */
export interface TypeOrmManager {
  readonly queryRunner?: TypeOrmRunner | undefined;
}

/**
 * Sends events in a transaction of TypeORM: `{ tx: fromTypeOrm(manager) }` with the entity manager that
 * `dataSource.transaction()` gives, or a query runner that has started a transaction.
 * @throws RelayError RELAY_TRANSACTION_INVALID
 */
export function fromTypeOrm(manager: TypeOrmManager | TypeOrmRunner): Queryable {
  const runner =
    typeof manager === 'object' && manager !== null && 'isTransactionActive' in manager
      ? manager
      : manager?.queryRunner;
  if (runner?.isTransactionActive !== true)
    throw noTransaction('TypeORM', 'dataSource.transaction(async (manager) => … fromTypeOrm(manager))');
  return {
    async query<R>(text: string, values: unknown[] = []) {
      try {
        const rows = (await runner.query(text, textValues(values))) as R[];
        return { rows, rowCount: rows.length };
      } catch (error) {
        throw sourceOf((error as { readonly driverError?: unknown } | null)?.driverError ?? error);
      }
    },
  };
}
