import { defineHandler, Processor } from '@pgrelay/relay-core';
import pg from 'pg';
import { pino } from 'pino';
import { serve } from '../../harness/serve.js';
import type { Action } from '../action.js';

/** A Processor with one TypeScript handler and defaults, as a team would compose it. */
interface Settings {
  readonly url: string;
  readonly action: Action;
  readonly mode: 'leased' | 'transactional';
}

const { url, action, mode } = JSON.parse(process.argv[2] ?? '') as Settings;
const INSERT = 'insert into bench.effect (n) values ($1)';
const pool = new pg.Pool({ connectionString: url });
let handled = 0;

const leased = defineHandler('drain', async (event) => {
  handled += 1;
  if (action === 'one-row') await pool.query(INSERT, [event.payload]);
});
const transactional = defineHandler('drain', { mode: 'transactional' }, async (event, ctx) => {
  handled += 1;
  if (action === 'one-row') await ctx.tx.query(INSERT, [event.payload]);
});

const processor = new Processor({
  connectionString: url,
  handlers: [mode === 'leased' ? leased : transactional],
  log: pino({ level: 'warn' }, pino.destination({ fd: 2, sync: true })),
});
await processor.start();
serve({
  handled: () => handled,
  stop: async () => {
    await processor.stop();
    await pool.end();
  },
});
