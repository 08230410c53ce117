import { lane, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { claim, logOf, runBatch, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
const register = (name: string, sql: string, more = '') =>
  db.query(`select pgrelay.register_channel($1, $2${more}) as id`, [name, sql]);

describe('register_channel', () => {
  test('the same registration changes nothing; a different one is refused until p_replace', async () => {
    await db.query(
      'create schema shop; create table shop.stock (id bigint primary key, n integer); grant usage on schema shop to pgrelay; grant select, update on shop.stock to pgrelay',
    );
    const [first] = await register('c.same', 'update shop.stock set n = n - 1 where id = $1::bigint');
    expect(await register('c.same', 'update shop.stock set n = n - 1 where id = $1::bigint')).toEqual([first]);
    await expect(register('c.same', 'select 1')).rejects.toMatchObject({ code: 'PR005' });
    expect(await register('c.same', 'select 1', ', p_replace => true')).toEqual([first]);
    await expect(db.query("select pgrelay.register_channel('c.same')")).rejects.toMatchObject({ code: 'PR005' });
  });

  test('a typo, a missing table and a missing privilege are errors when registered, and nothing is left behind', async () => {
    await expect(register('c.bad', 'selec 1')).rejects.toMatchObject({ code: '42601' });
    await expect(register('c.bad', 'insert into shop.nowhere values ($1)')).rejects.toMatchObject({ code: '42P01' });
    await expect(register('c.bad', 'insert into shop.stock values ($1::bigint, 0)')).rejects.toMatchObject({
      code: '42501',
    });
    expect(await db.query("select from pgrelay.channels where name = 'c.bad'")).toEqual([]);
  });

  test('p_check => false postpones that to a problem row and a failed event', async () => {
    await register('c.later', 'insert into shop.nowhere values ($1)', ', p_check => false');
    await db.query("select pgrelay.notify('c.later', '1')");
    expect(await db.query("select code, object from pgrelay.get_problems() where code = 'action_unchecked'")).toEqual([
      { code: 'action_unchecked', object: 'channel c.later' },
    ]);
    expect(await runBatch(db, await takeSlot(db), 'c.later')).toMatchObject({ failed: 1 });
    expect(await logOf(db, 'c.later')).toMatchObject([{ outcome: 'failed', sqlstate: '42P01' }]);
    await db.query('create table shop.nowhere (id text); grant insert on shop.nowhere to pgrelay');
    await db.query("select pgrelay.notify('c.later', '2')");
    expect(await runBatch(db, await takeSlot(db), 'c.later')).toMatchObject({ done: 1 });
  });

  test.each([
    ['vacuum shop.stock', /VACUUM/],
    ['create index concurrently on shop.stock (n)', /CREATE/],
    ['select 1; commit', /COMMIT/],
    ["select ';'; /* set local */ savepoint a", /SAVEPOINT/],
    ['reset role', /RESET/],
    ['set role postgres', /SET/],
    ["set work_mem = '1GB'; select 1", /SET LOCAL/],
    ['  -- nothing\n ;', /no statement/],
  ])('refuses %j', async (sql, message) => {
    await expect(register('c.refused', sql)).rejects.toMatchObject({
      code: 'PR006',
      message: expect.stringMatching(message),
    });
  });

  test('does not stumble over what only looks like it', async () => {
    await register(
      'c.text',
      `set local work_mem = '8MB'; select 'vacuum; commit', $q$ reset role; $q$, E'it\\'s; rollback' as "set; role" /* commit; /* nested; */ */ -- vacuum;`,
    );
    await db.query("select pgrelay.notify('c.text')");
    expect(await runBatch(db, await takeSlot(db), 'c.text')).toMatchObject({ done: 1 });
  });

  test('names resolve with the search_path of the session that registered the action', async () => {
    const admin = await db.session('admin');
    await admin.query('create schema "Odd ""Name"; grant usage on schema "Odd ""Name" to pgrelay');
    await admin.query('set search_path = "Odd ""Name", public');
    await admin.query('create table visits (what text); grant insert on visits to pgrelay');
    await admin.query("select pgrelay.register_channel('c.path', 'insert into visits values ($1)')");
    await db.query("select pgrelay.notify('c.path', 'here')");
    expect(await runBatch(db, await takeSlot(db), 'c.path')).toMatchObject({ done: 1 });
    expect(await db.query('select what from "Odd ""Name".visits')).toEqual([{ what: 'here' }]);
  });

  test('bad arguments have their own error', async () => {
    for (const call of [
      "''",
      'null',
      "repeat('x', 201)",
      "'c.x', p_mode => 'sometimes'",
      "'c.x', 'select 1', p_mode => 'leased'",
      "'c.x', p_statement_timeout => '-1 s'",
      "'c.x', p_max_payload => 0",
      "'c.x', p_statement_timeout => '30 days'",
    ]) {
      await expect(db.query(`select pgrelay.register_channel(${call})`), call).rejects.toMatchObject({
        code: 'PR004',
        hint: expect.any(String),
      });
    }
  });
});

describe('the action', () => {
  test('runs as role pgrelay and cannot leave it', async () => {
    await db.query('create table shop.who (role text, session text); grant insert on shop.who to pgrelay');
    await db.query(
      "create function shop.escape() returns void language plpgsql as $$ begin execute 'reset role'; end $$",
    );
    await register('c.who', 'insert into shop.who values (current_user, session_user)');
    await register('c.escape', 'select shop.escape()');
    await db.query("select pgrelay.notify('c.who'), pgrelay.notify('c.escape')");
    const slot = await takeSlot(db);
    await runBatch(db, slot, 'c.who');
    expect(await runBatch(db, slot, 'c.escape')).toMatchObject({ failed: 1 });
    expect(await db.query('select role from shop.who')).toEqual([{ role: 'pgrelay' }]);
    expect(await logOf(db, 'c.escape')).toMatchObject([{ sqlstate: '42501' }]);
  });

  test('knows its event', async () => {
    await db.query(
      'create table shop.seen (id bigint, channel text, attempt integer, payload text); grant insert on shop.seen to pgrelay',
    );
    await register(
      'c.event',
      'insert into shop.seen select (e).id, (e).channel, (e).attempt, $1 from pgrelay.current_event() e',
    );
    const [a] = await db.query<{ id: string }>("select pgrelay.notify('c.event', 'x')::text as id");
    await runBatch(db, await takeSlot(db), 'c.event');
    expect(await db.query('select id::text, channel, attempt, payload from shop.seen')).toEqual([
      { id: a?.id, channel: 'c.event', attempt: 1, payload: 'x' },
    ]);
    expect(await db.query('select pgrelay.current_event() is null as outside')).toEqual([{ outside: true }]);
  });

  test('a frame that somebody altered is not run', async () => {
    await register('c.altered', 'select 1');
    await db.query("select pgrelay.notify('c.altered')");
    const [row] = await db.query<{ id: number }>("select id from pgrelay.channels where name = 'c.altered'");
    const frame = `pgrelay_action.run_${row?.id}(bigint[], text[], boolean, timestamptz)`;
    await db.query(
      `set role ${lane() === 'superuser' ? 'pgrelay' : 'pgrelay_owner'}; alter function ${frame} security invoker; reset role`,
    );
    await expect(runBatch(db, await takeSlot(db), 'c.altered')).rejects.toMatchObject({ code: 'PR008' });
    expect(await db.query("select object from pgrelay.get_problems() where code = 'action_missing'")).toEqual([
      { object: 'channel c.altered' },
    ]);
    await register('c.altered', 'select 1'); // the same again, and yet something to do
    expect(await db.query("select object from pgrelay.get_problems() where code = 'action_missing'")).toEqual([]);
    expect(await runBatch(db, await takeSlot(db), 'c.altered')).toMatchObject({ done: 1 });
  });
});

describe('drop_channel', () => {
  test('refuses while events wait; with p_force they are kept in failed', async () => {
    await db.query(
      "select pgrelay.register_channel('c.drop'), pgrelay.notify('c.drop', 'a'), pgrelay.notify('c.drop', 'b', now() + interval '1 day')",
    );
    await expect(db.query("select pgrelay.drop_channel('c.drop')")).rejects.toMatchObject({ code: 'PR007' });
    await db.query("select pgrelay.drop_channel('c.drop', p_force => true)");
    expect(
      await db.query("select payload, reason from pgrelay.failed where channel = 'c.drop' order by payload"),
    ).toEqual([
      { payload: 'a', reason: 'channel_dropped' },
      { payload: 'b', reason: 'channel_dropped' },
    ]);
    await expect(db.query("select pgrelay.notify('c.drop')")).rejects.toMatchObject({ code: 'PR001' });
    await expect(db.query("select pgrelay.drop_channel('c.drop')")).rejects.toMatchObject({ code: 'PR001' });
  });

  test('by force ends the attempt that runs, with an audit row; what its worker sends later changes nothing', async () => {
    await db.query(
      "select pgrelay.register_channel('c.running'), pgrelay.notify('c.running'), pgrelay.notify('c.running')",
    );
    const slot = await takeSlot(db);
    const [running] = await claim(db, slot, 'c.running', 1);
    await db.query("select pgrelay.drop_channel('c.running', p_force => true)");
    expect(await settle(db, slot, [running ?? ''], 'done', null, null, [1])).toEqual([]);
    expect(await logOf(db, 'c.running')).toMatchObject([
      { event_id: running, attempt: 1, outcome: 'failed', code: 'channel_dropped' },
    ]);
    expect(await db.query("select attempt from pgrelay.failed where channel = 'c.running' order by id")).toEqual([
      { attempt: 1 },
      { attempt: 0 },
    ]);
  });

  test('race: a producer that looked the channel up before it was dropped leaves no orphan', async () => {
    await db.query("select pgrelay.register_channel('c.race')");
    const dropper = await db.session('dropper');
    const producer = await db.session('producer');
    await dropper.query('begin');
    await dropper.query("select pgrelay.drop_channel('c.race')");
    const late = producer.start("select pgrelay.notify('c.race')");
    await producer.untilBlocked();
    await dropper.query('commit');
    await expect(late).rejects.toMatchObject({ code: 'PR001' });
    expect(await db.query("select code from pgrelay.get_problems() where code = 'orphaned_events'")).toEqual([]);
    expect(await claim(db, await takeSlot(db), 'c.race')).toEqual([]);
  });
});
