import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();

test('what a SQL action does to the session of its worker reaches no handler of that worker', async () => {
  await db.query(`create function spoil() returns void language plpgsql as $$ begin
    perform set_config('search_path', 'nowhere', false);
    perform set_config('default_transaction_read_only', 'on', false);
    create temp table if not exists stock (n integer);
  end $$`);
  await db.query('create table stock (n integer); insert into stock values (7)');
  await db.query("select pgrelay.register_channel('w.spoil', 'select spoil()')");
  const seen: unknown[] = [];
  await running(db, {
    workers: 1,
    handlers: [
      defineHandler('w.look', { mode: 'transactional' }, async (_event, ctx) => {
        const path = await ctx.tx.query("select current_setting('search_path') as path");
        const stock = await ctx.tx.query('select n from stock');
        seen.push(path.rows[0]?.path, stock.rows[0]?.n);
        await ctx.tx.query('update stock set n = n + 1');
      }),
    ],
  });
  for (let i = 0; i < 3; i += 1) {
    await db.query("select pgrelay.notify('w.spoil')");
    await untilIdle(db, 'w.spoil');
    await db.query("select pgrelay.notify('w.look')");
    await untilIdle(db, 'w.look');
  }
  expect((await outcomes(db, 'w.look')).map((row) => row.outcome)).toEqual(['done', 'done', 'done']);
  expect(seen).toEqual(['"$user", public', 7, '"$user", public', 8, '"$user", public', 9]);
});

test('types, locks and listeners that a SQL action leaves in the session reach nothing that the Processor sends', async () => {
  await db.query(`create table ran (by_role text); grant insert on ran to public;
    create function trap() returns boolean language plpgsql as $$ begin insert into public.ran values (current_user); return true; end $$;
    create function leave() returns void language plpgsql as $$ begin
      execute 'create domain pg_temp.text as pg_catalog.text check (public.trap())';
      execute 'create domain pg_temp.timestamptz as pg_catalog.timestamptz check (public.trap())';
      execute 'listen pgrelay';
      perform pg_advisory_lock(4711);
    end $$`);
  await db.query("select pgrelay.register_channel('w.leave', 'select leave()')");
  const got: unknown[] = [];
  await running(db, {
    workers: 1,
    handlers: [
      defineHandler('w.leased', (event) => void got.push(event.payload)),
      defineHandler('w.tx', { mode: 'transactional' }, async (_event, ctx) => {
        const { rows } = await ctx.tx.query("select 'mine'::text as word");
        got.push(rows[0]?.word);
        await ctx.notify('w.leased', 'sent', { runAt: new Date(0) });
      }),
    ],
  });
  await db.query("select pgrelay.notify('w.leave')");
  await untilIdle(db, 'w.leave');
  const locks = "select from pg_locks where locktype = 'advisory' and objid = 4711";
  await until(async () => (await db.query(locks)).length === 0, 'the lock is given back');
  await db.query("select pgrelay.notify('w.leased', '\"one\"'), pgrelay.notify('w.tx')");
  await until(async () => got.length === 3, 'three handlers ran');
  expect(got.toSorted()).toEqual(['mine', 'one', 'sent']);
  expect(await db.query('select by_role from ran')).toEqual([]);
});
