import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const folder = path.join(repository, 'packages/relay-core/dist', `types-${process.pid}`);
const start = `
import { createClient, defineChannel, defineHandler } from '@pgrelay/relay-core';
import * as tx from '@pgrelay/relay-core/tx';
import { sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Knex } from 'knex';
import type { Kysely } from 'kysely';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

declare const drizzle: NodePgDatabase;
declare const kysely: Kysely<unknown>;
declare const knex: Knex;
declare const source: DataSource;
const order = defineChannel('order', { payload: z.object({ id: z.coerce.number<number>(), note: z.string().optional() }) });
const loose = defineChannel('loose', { payload: z.string().optional() });
const client = createClient({ connectionString: '', channels: [order, loose] });
export const used = [tx, sql, z, order, loose, client, defineHandler];
export const id = '1';
`;

/** Each is a file of its own; true: it compiles. */
const cases: readonly (readonly [code: string, compiles: boolean])[] = [
  ['await client.notify(order, { id: 1 }, { priority: 1 })', true],
  ["await client.notify('order', { id: 1, note: 'x' })", true],
  ["await client.notify('order', { id: '1' })", false],
  ['await client.notify(order, { id })', false],
  ["await client.notify('order', {})", false],
  ["await client.notify('order')", false],
  ["await client.notify('loose')", true],
  ["await client.notify('loose', 7)", false],
  ["await client.notify('another', { id: '1' })", true],
  ["await client.notify('another')", true],
  ['await client.notifyMany(order, [{ payload: { id: 1 }, delayMs: 1 }])', true],
  ["await client.notifyMany('order', [{ payload: { id: 1 } }, { payload: { id: 'x' } }])", false],
  ["await client.notifyMany('order', [{}])", false],
  ["await client.notifyMany('another', [{}, { payload: 1 }])", true],
  ['await createClient({ connectionString: id }).notify(order, {})', false],
  ["await createClient({ connectionString: id }).notify('order', {})", true],
  ['defineHandler(order, (event) => void event.payload.id.toFixed())', true],
  ['defineHandler(order, (event) => void event.payload.missing)', false],
  [
    "defineHandler(order, { mode: 'transactional' }, async (event, ctx) => void (await ctx.tx.query(event.payload.note ?? id)))",
    true,
  ],
  ['defineHandler(order, {}, async (event, ctx) => void (await ctx.tx.query(event.payload.note ?? id)))', false],
  ['defineHandler(order, { batch: 5 }, (events) => void events.map((event) => event.payload.id.toFixed()))', true],
  ['defineHandler(order, { batch: 5 }, (events) => void events.map((event) => event.payload.missing))', false],
  ["defineHandler(order, { payload: 'text' }, () => undefined)", false],
  ['defineHandler(id, async (_event, ctx) => void (await ctx.notify(order, { id: 1 })))', true],
  ["defineHandler(id, async (_event, ctx) => void (await ctx.notify(order, { id: '1' })))", false],
  ["defineHandler(id, async (_event, ctx) => void (await ctx.notifyMany(order, [{ payload: { id: '1' } }])))", false],
  ["defineHandler(id, async (_event, ctx) => void (await ctx.notify('any', { id: '1' })))", true],
  ['await drizzle.transaction((trx) => client.notify(order, { id: 1 }, { tx: tx.fromDrizzle(trx, sql) }))', true],
  ['tx.fromDrizzle(drizzle, sql)', false],
  ['await kysely.transaction().execute((trx) => client.notify(order, { id: 1 }, { tx: tx.fromKysely(trx) }))', true],
  ['tx.fromKysely(kysely)', false],
  ['await knex.transaction((trx) => client.notify(order, { id: 1 }, { tx: tx.fromKnex(trx) }))', true],
  ['tx.fromKnex(knex)', false],
  ['await source.transaction((manager) => client.notify(order, { id: 1 }, { tx: tx.fromTypeOrm(manager) }))', true],
  ['tx.fromTypeOrm(source)', false],
];
const wrong = new Map<string, string>();

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const [index, [code]] of cases.entries())
    writeFileSync(path.join(folder, `case${index}.ts`), `${start}${code};\n`);
  const compilerOptions = {
    composite: false,
    incremental: false,
    noEmit: true,
    declaration: false,
    declarationMap: false,
  };
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: path.join(repository, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] }),
  );
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  for (const [, name, , text] of stdout.matchAll(/(case\d+)\.ts\((\d+),\d+\): (.*)/g))
    wrong.set(name ?? '', text ?? '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(cases.map(([code, compiles], index) => ({ code, compiles, index })))(
  '$code: $compiles',
  ({ compiles, index }) => {
    const message = wrong.get(`case${index}`) ?? 'compiles';
    if (compiles) expect(message).toBe('compiles');
    else expect(message).toMatch(/^error TS(2345|2322|2339|2353|2554|2741|2769|2559)/);
  },
);
