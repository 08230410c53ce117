/**
 * Tests of a handler, for any test framework or, as here, none: one by itself in a transaction that is undone, and the whole
 * way of an event, a day of waiting included.
 *
 *   DATABASE_URL=postgresql://… node examples/dist/test-a-handler.js
 */
import { createClient, defineHandler, fail } from '@pgrelay/relay-core';
import { expectEvent, installTestClock, logOf, performHandler, runUntilIdle } from '@pgrelay/relay-core/testing';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';

const trialBegun = defineHandler('trial.begun', { mode: 'transactional' }, async (event, ctx) => {
  if (typeof event.payload.user !== 'string') return fail('no_user');
  await ctx.notify('trial.ends', { user: event.payload.user }, { delayMs: 14 * 86_400_000 });
  return undefined;
});
const mails: string[] = [];
const trialEnds = defineHandler('trial.ends', async (event) => void mails.push(`To ${event.payload.user}`));

const connectionString = process.env['DATABASE_URL'] ?? '';
await migrate({ connectionString });
const db = new pg.Client({ connectionString });
await db.connect();

await db.query("begin; select pgrelay.register_channel('trial.ends')");
const performed = await performHandler(trialBegun, { user: 'ada' }, { tx: db });
await expectEvent(db, { channel: 'trial.ends', payload: { user: 'ada' }, state: 'delayed', count: 1 });
console.log(`By itself: ${performed.outcome}`);
const refused = await performHandler(trialBegun, {}, { tx: db });
console.log(`Without a user: ${refused.outcome}, ${refused.code}`);
await db.query('rollback');

const { rows } = await db.query<{ database: string }>('select current_database() as database');
const clock = await installTestClock(db, { database: rows[0]?.database ?? '' });
const options = { connectionString, handlers: [trialBegun, trialEnds] };
await runUntilIdle(options); // registers the channels
const id = await createClient({ db }).notify('trial.begun', { user: 'bob' });
await runUntilIdle(options);
console.log(`First day: ${(await logOf(db, id))[0]?.outcome}, ${mails.length} mails`);
await clock.advance(14 * 86_400_000);
await runUntilIdle(options);
console.log(`Two weeks later: ${mails}`);
await clock.uninstall();
await db.end();
