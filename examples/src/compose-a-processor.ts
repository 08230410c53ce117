/**
 * A Processor is composed from plugins and handlers in code. This one sends webhooks, runs a job every second, keeps
 * materialized views fresh, and stops after the third webhook.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/compose-a-processor.js
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { autoMv } from '@pgrelay/auto-mv';
import { cron } from '@pgrelay/plugin-cron';
import { http } from '@pgrelay/plugin-http';
import { defineHandler, Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';
import { pino } from 'pino';

// Somebody who wants to hear from us.
let enough = () => {};
const heard = new Promise<void>((resolve) => {
  enough = resolve;
});
let count = 0;
const receiver = createServer(async (request, response) => {
  const body = (await request.toArray()).join('');
  response.writeHead(204).end();
  count += 1;
  console.log(`Webhook ${count}: ${body}`);
  if (count === 3) enough();
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

const connectionString = process.env['DATABASE_URL'] ?? '';
const processor = new Processor({
  connectionString,
  workers: 2,
  log: pino({ level: 'warn' }),
  plugins: [
    autoMv(),
    http({ endpoints: { 'heartbeat.out': { url } }, allowHttp: true, allowAddresses: ['127.0.0.1'] }),
    cron({ jobs: [{ name: 'heartbeat', spec: '1s', channel: 'heartbeat', payload: { from: 'cron' } }] }),
  ],
  handlers: [
    defineHandler('heartbeat', { mode: 'transactional' }, async (event, ctx) => {
      await ctx.notify('heartbeat.out', { ...event.payload, attempt: event.attempt });
    }),
  ],
});
await migrate({ connectionString, modules: processor.modules });
await processor.start();
await heard;
await processor.stop();
receiver.close();

const db = new pg.Client({ connectionString });
await db.connect();
await db.query("select pgrelay_cron.unschedule('heartbeat')"); // or the next Processor with cron() goes on with it
await db.end();
console.log('Processor stopped.');
