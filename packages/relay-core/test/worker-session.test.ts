import { defineHandler } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
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
