import { lane, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, claim, logOf, takeSlot } from './support/slot.js';

const db = useDatabase();
const register = (name: string, sql: string) => db.query('select pgrelay.register_channel($1, $2)', [name, sql]);
const send = (channel: string, count: number) =>
  db.query('select pgrelay.notify($1, x::text) from generate_series(1, $2) x', [channel, count]);
const run = async (args = '') =>
  Number((await db.query<{ p_events: string }>(`call pgrelay.run(${args})`))[0]?.p_events);
const waiting = async (channel: string) =>
  (await db.query('select from pgrelay.events where channel = $1', [channel])).length;

beforeAll(async () => {
  await db.query('create schema r; create table r.done (what text); grant usage on schema r to pgrelay');
  await db.query('grant insert, select, update on r.done to pgrelay');
});

describe('CALL pgrelay.run()', () => {
  test('does what is ready, what is due and what that sends on; leaves the rest; frees its slot', async () => {
    await register('r.child', "insert into r.done values ('child ' || $1)");
    await register('r.parent', "select pgrelay.notify('r.child', $1)");
    await register('r.bad', 'select $1::integer / 0');
    await db.query("select pgrelay.register_channel('r.handler')");
    await send('r.parent', 700);
    await send('r.bad', 2);
    await db.query("select pgrelay.notify('r.handler'), pgrelay.notify('r.child', 'far', now() + interval '1 hour')");
    await db.query("select pgrelay.notify('r.child', 'due', clock_timestamp() + interval '10 ms'), pg_sleep(0.05)");
    expect(await run()).toBe(700 + 2 + 700 + 1);
    expect(await waiting('r.parent')).toBe(0);
    expect(await waiting('r.handler')).toBe(1);
    expect(await db.query("select state from pgrelay.events where channel = 'r.child'")).toEqual([
      { state: 'delayed' },
    ]);
    expect(await db.query('select count(distinct what)::integer as n from r.done')).toEqual([{ n: 701 }]);
    expect(await logOf(db, 'r.bad')).toMatchObject([{ outcome: 'failed', sqlstate: '22012' }, { outcome: 'failed' }]);
    expect(await db.query('select from pgrelay.processors')).toEqual([]);
    expect(await run()).toBe(0);
  });

  test('p_limit bounds the events, not the batches', async () => {
    await register('r.limit', 'select 1');
    await send('r.limit', 250);
    expect(await run('130')).toBe(130);
    expect(await waiting('r.limit')).toBe(120);
    expect(await run()).toBe(120);
  });

  test('each batch is committed by itself', async () => {
    await db.query(
      'create table r.gate (id integer primary key); insert into r.gate values (1); grant select, update on r.gate to pgrelay',
    );
    await register('r.first', 'select 1');
    await register('r.second', 'update r.gate set id = id');
    await send('r.first', 3);
    await send('r.second', 1);
    const [holder, caller] = [await db.session('holder'), await db.session('caller')];
    await holder.query('begin; update r.gate set id = id');
    const call = caller.start('call pgrelay.run()');
    await caller.untilBlocked();
    expect(await logOf(db, 'r.first')).toHaveLength(3);
    await holder.query('rollback');
    expect(await call).toEqual([{ p_events: '4' }]);
  });

  test('two calls and a Processor side by side run each event once', async () => {
    await db.query('create table r.each (what text); grant insert on r.each to pgrelay');
    await register('r.each', 'insert into r.each values ($1)');
    await send('r.each', 3_000);
    const [a, b] = [await db.session('a'), await db.session('b')];
    const slot = await takeSlot(db);
    const calls = [a.start('call pgrelay.run()'), b.start('call pgrelay.run()')];
    const id = await channelId(db, 'r.each');
    for (let n = 0; n < 5; n += 1)
      await db.query('select pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 50, false, 50)', [
        slot.slot,
        slot.epoch,
        id,
      ]);
    await Promise.all(calls);
    await run();
    expect(await db.query('select count(*)::integer as n, count(distinct what)::integer as d from r.each')).toEqual([
      { n: 3_000, d: 3_000 },
    ]);
    expect(await logOf(db, 'r.each')).toHaveLength(3_000);
  });

  test('an open transaction block is refused before anything is done', async () => {
    await register('r.block', 'select 1');
    await send('r.block', 1);
    const dead = await takeSlot(db, 1);
    const [session, left] = [await db.session('block'), await db.session('left')];
    await left.query("select pgrelay.enter_backend_v1($1, $2, 'left'), pg_sleep(0.01)", [dead.slot, dead.epoch]);
    await session.query('begin');
    await expect(session.query('call pgrelay.run()')).rejects.toMatchObject({ code: '2D000' });
    await session.query('rollback');
    expect(await left.query('select 1 as alive')).toEqual([{ alive: 1 }]); // ending a backend cannot be rolled back
    await db.query('select pgrelay.detach_v1($1, $2)', [dead.slot, dead.epoch]);
    expect(await waiting('r.block')).toBe(1);
    await run();
  });

  test('a channel whose private function was altered does not stop the others', async () => {
    await register('r.altered', 'select 1');
    await register('r.fine', 'select 1');
    await send('r.altered', 1);
    await send('r.fine', 1);
    const frame = `pgrelay_action.run_${await channelId(db, 'r.altered')}(bigint[], text[], boolean, timestamptz)`;
    await db.query(
      `set role ${lane() === 'superuser' ? 'pgrelay' : 'pgrelay_owner'}; alter function ${frame} security invoker; reset role`,
    );
    expect(await run()).toBe(1);
    expect(await waiting('r.altered')).toBe(1);
    await db.query("select pgrelay.drop_channel('r.altered', p_force => true)");
  });

  test('a call that is cut off loses nothing; the next one frees its slot, and takes back what dead Processors held', async () => {
    await register('r.cut', 'update r.gate set id = id');
    await db.query("select pgrelay.register_channel('r.held')");
    await send('r.cut', 1);
    await send('r.held', 1);
    await claim(db, await takeSlot(db), 'r.held');
    const [holder, caller] = [await db.session('holder'), await db.session('cut')];
    await holder.query('begin; update r.gate set id = id');
    const call = caller.start('call pgrelay.run()').catch((error) => error.code);
    await caller.untilBlocked();
    await db.query('select pg_terminate_backend($1, 5000)', [caller.pid]);
    expect(await call).toBe('57P01');
    await holder.query('rollback');
    expect(await waiting('r.cut')).toBe(1);
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.instance set heartbeat_at = heartbeat_at - interval '1 hour' where alive");
    await db.query('reset role');
    expect(await run()).toBe(1);
    expect(await db.query('select from pgrelay.processors')).toEqual([]);
    expect(await db.query("select state from pgrelay.events where channel = 'r.held'")).toEqual([{ state: 'ready' }]);
  });

  test("nothing in the caller's search_path takes the place of what it calls", async () => {
    await register('r.path', 'select 1');
    await send('r.path', 1);
    const session = await db.session('path');
    await session.query('create schema evil');
    for (const operand of ['bigint', 'integer'])
      await session.query(
        `create function evil.ge(bigint, ${operand}) returns boolean language plpgsql as $$ begin raise 'hijacked'; end $$;
         create operator evil.>= (leftarg = bigint, rightarg = ${operand}, function = evil.ge)`,
      );
    await session.query(
      "create function evil.least(bigint, bigint) returns bigint language plpgsql as $$ begin raise 'hijacked'; end $$; create function evil.set_config(text, text, boolean) returns text language plpgsql as $$ begin raise 'hijacked'; end $$",
    );
    await session.query('set search_path = evil, pg_catalog');
    await session.query('call pgrelay.run(5)');
    expect(await session.query('show search_path')).toEqual([{ search_path: 'evil, pg_catalog' }]);
    expect(await waiting('r.path')).toBe(0);
  });
});
