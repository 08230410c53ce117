import { fromTypeOrm } from '@pgrelay/relay-core/tx';
import { DataSource, type EntityManager, EntitySchema } from 'typeorm';
import type { Orm, OrmTransaction } from './orm.js';

const Purchase = new EntitySchema<{ id: string; item: string }>({
  name: 'purchase',
  columns: { id: { type: 'bigint', primary: true, generated: true }, item: { type: 'text' } },
});

export async function openTypeOrm(url: string): Promise<Orm> {
  const source = await new DataSource({ type: 'postgres', url, entities: [Purchase], poolSize: 2 }).initialize();
  return {
    transaction: (work) => source.transaction((manager) => work(inside(manager))),
    misuse: () => fromTypeOrm(source.manager),
    close: () => source.destroy(),
  };
}

function inside(manager: EntityManager): OrmTransaction {
  return {
    tx: fromTypeOrm(manager),
    insert: (item) => manager.insert(Purchase, { item }),
    nested: (work) => manager.transaction((inner) => work(inside(inner))),
  };
}
