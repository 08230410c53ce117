import { fromPrisma } from '@pgrelay/relay-core/tx';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../../fixtures/prisma/generated/client.js';
import type { Orm, OrmTransaction } from './orm.js';

export function openPrisma(connectionString: string): Orm {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 2 }) });
  return {
    transaction: (work) => prisma.$transaction((tx) => work(inside(tx)), { timeout: 50_000, maxWait: 50_000 }),
    misuse: () => fromPrisma(prisma as unknown as Prisma.TransactionClient),
    close: () => prisma.$disconnect(),
  };
}

function inside(tx: Prisma.TransactionClient): OrmTransaction {
  return {
    tx: fromPrisma(tx),
    insert: (item) => tx.purchase.create({ data: { item } }),
    nested: (work) => tx.$transaction((inner) => work(inside(inner))),
  };
}
