export { type DrizzleSql, type DrizzleTransaction, fromDrizzle } from './from-drizzle.js';
export { fromKnex, type KnexRaw, type KnexTransaction } from './from-knex.js';
export { fromKysely, type KyselyStatement, type KyselyTransaction } from './from-kysely.js';
export { fromPrisma, type PrismaTransaction } from './from-prisma.js';
export { fromTypeOrm, type TypeOrmManager, type TypeOrmRunner } from './from-typeorm.js';
