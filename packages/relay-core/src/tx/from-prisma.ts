import type { Queryable } from '../db/queryable.js';
import { noTransaction } from './no-transaction.js';
import { textValues } from './text-values.js';

/** The client of an interactive transaction of Prisma. `$connect` is what only the whole client has. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
  readonly $connect?: undefined;
}

/**
 * Sends events in an interactive transaction of Prisma: `{ tx: fromPrisma(tx) }`. For Prisma 7, which has
 * a driver adapter.
 * @throws RelayError RELAY_TRANSACTION_INVALID
 */
export function fromPrisma(tx: PrismaTransaction): Queryable {
  if (typeof tx?.$queryRawUnsafe !== 'function' || tx.$connect !== undefined)
    throw noTransaction('Prisma', 'prisma.$transaction(async (tx) => … fromPrisma(tx))');
  return {
    async query<R>(text: string, values: unknown[] = []) {
      try {
        const rows = (await tx.$queryRawUnsafe(text, ...textValues(values))) as R[];
        return { rows, rowCount: rows.length };
      } catch (error) {
        throw databaseError(error);
      }
    },
  };
}

/** The database's own error, from what Prisma's driver adapter kept of it. */
function databaseError(error: unknown): unknown {
  const kept = (error as { readonly meta?: { readonly driverAdapterError?: { readonly cause?: PrismaCause } } } | null)
    ?.meta?.driverAdapterError?.cause;
  if (kept?.originalCode === undefined) return error;
  const { originalCode: code, originalMessage = '', detail, hint } = kept;
  return Object.assign(new Error(originalMessage, { cause: error }), {
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  });
}

interface PrismaCause {
  readonly originalCode?: string;
  readonly originalMessage?: string;
  readonly detail?: string;
  readonly hint?: string;
}
