import { fromKnex } from '@pgrelay/relay-core/tx';
import knex, { type Knex } from 'knex';
import type { Orm, OrmTransaction } from './orm.js';

export function openKnex(connection: string, options: Pick<Knex.Config, 'compileSqlOnError'> = {}): Orm {
  const db = knex({ client: 'pg', connection, pool: { min: 0, max: 2 }, ...options });
  return {
    transaction: (work) => db.transaction((trx) => work(inside(trx))),
    misuse: () => fromKnex(db as unknown as Knex.Transaction),
    close: () => db.destroy(),
  };
}

function inside(trx: Knex.Transaction): OrmTransaction {
  return {
    tx: fromKnex(trx),
    insert: async (item) => trx('purchase').insert({ item }),
    nested: (work) => trx.transaction((inner) => work(inside(inner))),
  };
}
