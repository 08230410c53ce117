import { fromDrizzle } from '@pgrelay/relay-core/tx';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigserial, type PgDatabase, type PgQueryResultHKT, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import postgres from 'postgres';
import type { Orm, OrmTransaction } from './orm.js';

const purchase = pgTable('purchase', { id: bigserial({ mode: 'bigint' }).primaryKey(), item: text().notNull() });

type Database<Q extends PgQueryResultHKT> = PgDatabase<Q, Record<string, never>>;
type Transaction<Q extends PgQueryResultHKT> = Parameters<Parameters<Database<Q>['transaction']>[0]>[0];

export function openDrizzle(connectionString: string): Orm {
  const pool = new pg.Pool({ connectionString, max: 2 });
  return ormOf(drizzle(pool), () => pool.end());
}

export function openDrizzlePostgresJs(connectionString: string): Orm {
  const client = postgres(connectionString, { max: 2 });
  return ormOf(drizzlePostgresJs(client), () => client.end());
}

function ormOf<Q extends PgQueryResultHKT>(db: Database<Q>, close: Orm['close']): Orm {
  return {
    transaction: (work) => db.transaction((tx) => work(inside(tx))),
    misuse: () => fromDrizzle(db as unknown as Transaction<Q>, sql),
    close,
  };
}

function inside<Q extends PgQueryResultHKT>(tx: Transaction<Q>): OrmTransaction {
  return {
    tx: fromDrizzle(tx, sql),
    insert: async (item) => tx.insert(purchase).values({ item }),
    nested: (work) => tx.transaction((inner) => work(inside(inner))),
  };
}
