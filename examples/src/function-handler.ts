/**
 * A handler is a function. `order.placed` is transactional: what it writes, the event it sends on and its own completion
 * are one commit. `receipt.send` is leased: for effects outside the database, at least once.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/function-handler.js
 */
import { createClient, defineHandler, Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';

const connectionString = process.env['DATABASE_URL'] ?? '';
await migrate({ connectionString });
const db = new pg.Client({ connectionString });
await db.connect();
await db.query('create schema if not exists example');
await db.query(
  'create table if not exists example.stock (item text primary key, pieces int not null check (pieces >= 0))',
);
await db.query("insert into example.stock values ('book', 10) on conflict (item) do update set pieces = 10");

let sent = () => {};
const receiptSent = new Promise<void>((resolve) => {
  sent = resolve;
});
const processor = new Processor({
  connectionString,
  log: pino({ level: 'warn' }),
  handlers: [
    defineHandler(
      'order.placed',
      { mode: 'transactional', payload: z.object({ item: z.string(), pieces: z.int().positive() }) },
      async (event, ctx) => {
        const { item, pieces } = event.payload;
        await ctx.tx.query('update example.stock set pieces = pieces - $2 where item = $1', [item, pieces]);
        await ctx.notify('receipt.send', { item, pieces });
      },
    ),
    defineHandler('receipt.send', async (event) => {
      console.log(`Receipt: ${event.payload.pieces} × ${event.payload.item}`);
      sent();
    }),
  ],
});
await processor.start();

const client = createClient({ db });
await db.query('begin');
await client.notify('order.placed', { item: 'book', pieces: 99 });
await db.query('rollback'); // the event never was
await client.notify('order.placed', { item: 'book', pieces: 3 });

await receiptSent;
await processor.stop();
const { rows } = await db.query("select pieces from example.stock where item = 'book'");
console.log(`In stock: ${rows[0].pieces}`);
await db.end();
