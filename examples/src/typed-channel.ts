/**
 * A channel defined once, for the application that sends and the Processor that handles: its schema types payloads and
 * checks them on both sides. The event is sent in the application's own transaction, here one of Kysely.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/typed-channel.js
 */
import { createClient, defineChannel, defineHandler, Processor } from '@pgrelay/relay-core';
import { fromKysely } from '@pgrelay/relay-core/tx';
import { migrate } from '@pgrelay/relay-sql';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';

const Line = z.object({ item: z.string(), pieces: z.int().positive() });
const basketOrdered = defineChannel('basket.ordered', { payload: z.object({ lines: z.array(Line) }) });

const connectionString = process.env['DATABASE_URL'] ?? '';
await migrate({ connectionString });
let handled = () => {};
const ordered = new Promise<void>((resolve) => {
  handled = resolve;
});
const processor = new Processor({
  connectionString,
  log: pino({ level: 'warn' }),
  handlers: [
    defineHandler(basketOrdered, async (event) => {
      console.log(`Ordered: ${event.payload.lines.map(({ item, pieces }) => `${pieces} × ${item}`).join(', ')}`);
      handled();
    }),
  ],
});
await processor.start();

const pool = new pg.Pool({ connectionString });
const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
const relay = createClient({ db: pool });
await sql`create schema if not exists example`.execute(db);
await sql`create table if not exists example.basket (item text, pieces int)`.execute(db);
const order = (lines: z.infer<typeof Line>[]) =>
  db.transaction().execute(async (trx) => {
    for (const { item, pieces } of lines)
      await sql`insert into example.basket values (${item}, ${pieces})`.execute(trx);
    await relay.notify(basketOrdered, { lines }, { tx: fromKysely(trx) });
  });

const [book, pen] = [
  { item: 'book', pieces: 2 },
  { item: 'pen', pieces: 1 },
] as const;
await order([book, { ...pen, pieces: -1 }]).catch(({ message }) => {
  console.log(`Refused: ${/lines\[1\]\.pieces/.exec(message)}`);
});
const { rows } = await sql<{ n: number }>`select count(*)::int as n from example.basket`.execute(db);
console.log(`Rows of the refused order: ${rows[0]?.n}`);
await order([book, pen]);
await ordered;
await Promise.all([db.destroy(), processor.stop()]);
