/**
 * auto-mv dropped into a Processor that exists already: one line in `plugins`. The view stays fresh while the
 * application writes, no writer waits, and a reader who needs its own write waits for just that.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/auto-mv.js
 */
import { autoMv } from '@pgrelay/auto-mv';
import { Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';
import { pino } from 'pino';

const connectionString = process.env['DATABASE_URL'] ?? '';
const processor = new Processor({
  connectionString,
  log: pino({ level: 'warn' }),
  handlers: [], // those that were here before
  plugins: [autoMv()], // the new line
});
await migrate({ connectionString, modules: processor.modules });

const db = new pg.Client({ connectionString });
await db.connect();
await db.query('create schema if not exists example');
await db.query('create table if not exists example.sale (day date not null, amount int not null)');
await db.query('truncate example.sale');
await db.query(
  'create materialized view if not exists example.revenue as select day, sum(amount) as total from example.sale group by day',
);
await db.query('create unique index if not exists revenue_day on example.revenue (day)'); // lets it refresh CONCURRENTLY
await db.query("select pgauto_mv.register_mv('example.revenue'::regclass, p_cooldown => 0)");
await processor.start();

for (const amount of [10, 20, 12]) {
  await db.query('begin');
  await db.query("insert into example.sale values ('2026-01-01', $1)", [amount]);
  const { rows } = await db.query('select pg_current_xact_id()::text as token'); // names this transaction
  await db.query('commit');

  await db.query("select pgauto_mv.wait_until_fresh('example.revenue', $1::xid8)", [rows[0].token]);
  const { rows: revenue } = await db.query('select total::int from example.revenue');
  console.log(`Sold for ${amount}, the view says ${revenue[0].total}.`);
}

await db.query("select pgauto_mv.unregister_mv('example.revenue'::regclass)");
await db.end();
await processor.stop();
