import { fromKysely } from '@pgrelay/relay-core/tx';
import { CamelCasePlugin, type ControlledTransaction, type Generated, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Orm, OrmTransaction } from './orm.js';

interface Database {
  purchase: { id: Generated<string>; item: string };
}

export function openKysely(connectionString: string): Orm {
  const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 2 }) });
  const db = new Kysely<Database>({ dialect, plugins: [new CamelCasePlugin()] });
  return {
    async transaction(work) {
      const trx = await db.startTransaction().execute();
      try {
        await work(inside(trx));
        await trx.commit().execute();
      } catch (error) {
        await trx.rollback().execute();
        throw error;
      }
    },
    misuse: () => fromKysely(db as unknown as ControlledTransaction<Database>),
    close: () => db.destroy(),
  };
}

function inside(trx: ControlledTransaction<Database>): OrmTransaction {
  return {
    tx: fromKysely(trx),
    insert: (item) => trx.insertInto('purchase').values({ item }).execute(),
    async nested(work) {
      const inner = await trx.savepoint('s').execute();
      try {
        await work(inside(inner as unknown as ControlledTransaction<Database>));
      } catch (error) {
        await inner.rollbackToSavepoint('s').execute();
        throw error;
      }
    },
  };
}
