/**
 * A channel that re-fires itself: its SQL action sends the next event, with a time in the future, in the transaction in
 * which it does its work. So there is always exactly one next event, whatever crashes. (For plain schedules there is
 * plugin-cron.)
 *
 *   DATABASE_URL=postgresql://… node examples/dist/self-firing.js
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';
import { pino } from 'pino';

const connectionString = process.env['DATABASE_URL'] ?? '';
await migrate({ connectionString });
const db = new pg.Client({ connectionString });
await db.connect();
await db.query('create schema if not exists example');
await db.query('create table if not exists example.countdown (n int, at timestamptz default clock_timestamp())');
await db.query('truncate example.countdown');
await db.query('grant usage on schema example to pgrelay'); // actions run as pgrelay
await db.query('grant insert on example.countdown to pgrelay');

const action = `
  insert into example.countdown (n) values ($1::int);
  select pgrelay.notify('countdown', ($1::int - 1)::text, p_run_at => clock_timestamp() + interval '0.5 s')
  where $1::int > 0`;
await db.query("select pgrelay.register_channel('countdown', $1, p_replace => true)", [action]);

const processor = new Processor({ connectionString, log: pino({ level: 'warn' }) });
await processor.start();
await db.query("select pgrelay.notify('countdown', '3')");

let printed = 0;
while (printed < 4) {
  const { rows } = await db.query(
    "select n, to_char(at, 'SS.MS') as at from example.countdown order by n desc offset $1",
    [printed],
  );
  for (const { n, at } of rows) console.log(n > 0 ? `${n} … at second ${at}` : `Lift-off at second ${at}`);
  printed += rows.length;
  await pause(50);
}
await processor.stop();
await db.end();
