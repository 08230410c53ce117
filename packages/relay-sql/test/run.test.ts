import { lane, until, useDatabase } from '@pgrelay/test-support';
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

  test('an event that ends the session of the call each time is set aside, and the others are done', async () => {
    await db.query(
      'create function r.die() returns void language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60); end $$',
    );
    await register('r.deadly', "select r.die() where $1 = 'die'; insert into r.done values ('survived ' || $1)");
    await db.query("select pgrelay.notify_many('r.deadly', '{a,b,die,c}')");
    let killed = 0;
    for (let calls = 0; calls < 10 && (await waiting('r.deadly')) > 0; calls += 1) {
      const caller = await db.session(`deadly ${calls}`);
      await caller.query('call pgrelay.run()').catch((error) => {
        expect(error.code).toBe('57P01');
        killed += 1;
      });
      await db.query('set role pgrelay_owner');
      await db.query("update pgrelay.instance set heartbeat_at = clock_timestamp(), lease = '0' where alive"); // nobody waits for it here
      await db.query('reset role');
    }
    expect(killed).toBe(4);
    expect(await db.query("select reason, lost, payload from pgrelay.failed where channel = 'r.deadly'")).toEqual([
      { reason: 'quarantined', lost: 3, payload: 'die' },
    ]);
    expect((await logOf(db, 'r.deadly')).map((row) => [row.outcome, row.code]).sort()).toEqual([
      ...Array(3).fill(['done', null]),
      ...Array(3).fill(['lost', 'worker_lost']),
    ]);
    expect(await db.query("select what from r.done where what like 'survived %' order by 1")).toHaveLength(3);
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

  test('needs pgrelay_processor and no more, and works as pg_cron would call it', async () => {
    await register('r.cron', "insert into r.done values (current_user || ' ' || session_user)");
    await send('r.cron', 1);
    const login = await db.login('pgrelay_processor');
    const cron = await db.connect(login);
    await cron.query('CALL pgrelay.run()');
    expect(await db.query("select what from r.done where what like 'pgrelay %'")).toEqual([
      { what: `pgrelay ${login.user}` },
    ]);
    expect(
      await db.query(
        "select slot is not null as slot, worker, node is not null as node from pgrelay.log where channel = 'r.cron'",
      ),
    ).toEqual([{ slot: true, worker: 0, node: true }]);
    for (const role of ['pgrelay_admin', 'pgrelay_producer', 'pgrelay_viewer'])
      await expect((await db.connect(await db.login(role))).query('call pgrelay.run()'), role).rejects.toMatchObject({
        code: '42501',
      });
  });

  test('retries by the policy: not before they are due, and then', async () => {
    await db.query(
      "create function r.conflict() returns void language plpgsql as $$ begin raise exception using errcode = '40001'; end $$",
    );
    await register('r.retry', 'select r.conflict()');
    await send('r.retry', 1);
    expect(await run()).toBe(1);
    expect(await run()).toBe(0);
    for (let n = 0; n < 3; n += 1) {
      await db.query(
        "set role pgrelay_owner; update pgrelay.delayed set run_at = now() - interval '1 s' where channel_id = (select id from pgrelay.channel where name = 'r.retry'); reset role",
      );
      expect(await run()).toBe(1);
    }
    expect((await logOf(db, 'r.retry')).map((row) => row.outcome)).toEqual(['retried', 'retried', 'retried', 'failed']);
  });

  test('says which channels it leaves to a Processor, and makes days of the log', async () => {
    await db.query(
      "select pgrelay.register_channel('r.left'), pgrelay.register_channel('r.top', array['vacuum']), pgrelay.notify('r.left'), pgrelay.notify('r.top')",
    );
    await db.query('set role pgrelay_owner');
    await db.query(
      "do $$ declare d regclass; begin for d in select oid from pg_class where relname ~ '^log_[0-9]{8}$' loop execute format('drop table %s', d); end loop; end $$",
    );
    await db.query('reset role');
    const client = await db.connect();
    const notices: string[] = [];
    client.on('notice', (notice) => notices.push(notice.message ?? ''));
    await client.query('call pgrelay.run()');
    expect(notices.join()).toContain('r.left, r.top');
    expect(await waiting('r.left')).toBe(1);
    expect(await db.query("select from pg_class where relname ~ '^log_[0-9]{8}$'")).toHaveLength(4);
  });

  test('an action that takes too long ends with the statement_timeout of the caller: what was done stays, it is ready as before', async () => {
    await register('r.quick', 'select 1');
    await register('r.long', 'select pg_sleep(60)');
    await send('r.quick', 3);
    await send('r.long', 1);
    const session = await db.session('hurried');
    await session.query("set statement_timeout = '1 s'");
    await expect(session.query('call pgrelay.run()')).rejects.toMatchObject({
      code: '57014',
      message: expect.stringContaining(String(await channelId(db, 'r.long'))),
      hint: expect.any(String),
    });
    expect(await logOf(db, 'r.quick')).toHaveLength(3);
    expect(await logOf(db, 'r.long')).toEqual([]);
    expect(await db.query("select state, attempt from pgrelay.events where channel = 'r.long'")).toEqual([
      { state: 'ready', attempt: 0 },
    ]);
    await db.query("select pgrelay.drop_channel('r.long', p_force => true)");
  });

  test('what actions leave in the session is undone: settings, search_path, temporary types', async () => {
    await db.query(`create table r.ran (by_role text); grant insert on r.ran to public; grant usage on schema r to public;
      create function r.trap() returns boolean language plpgsql as $$ begin insert into r.ran values (current_user); return true; end $$;
      create function r.leave() returns void language plpgsql as $$ begin
        perform set_config('search_path', 'r, pg_catalog', false), set_config('work_mem', '77MB', false), set_config('statement_timeout', '1h', false);
        execute 'create domain pg_temp.text as pg_catalog.text check (r.trap())'; end $$`);
    await register('r.leave', 'select r.leave()');
    await send('r.leave', 2);
    await register('r.after', 'select 1');
    await send('r.after', 1);
    const session = await db.session('own');
    await session.query("set statement_timeout = '2 min'; set search_path = public");
    await session.query('call pgrelay.run()');
    expect(
      await session.query(
        "select current_setting('search_path') as path, current_setting('work_mem') <> '77MB' as work_mem, current_setting('statement_timeout') as timeout",
      ),
    ).toEqual([{ path: 'public', work_mem: true, timeout: '2min' }]);
    expect(await session.query("select 'x'::text as x")).toEqual([{ x: 'x' }]);
    expect(await db.query('select from r.ran')).toEqual([]);
    expect(await waiting('r.leave')).toBe(0);
  });

  test('temporary tables that the session had before are left alone', async () => {
    await register('r.temp', 'select 1');
    await send('r.temp', 1);
    const session = await db.session('temp');
    await session.query('create temp table mine (n integer); insert into mine values (1)');
    await session.query('call pgrelay.run()');
    expect(await session.query('select n from mine')).toEqual([{ n: 1 }]);
  });
});

describe('pgrelay.cancel of an event in a batch of CALL pgrelay.run()', () => {
  const cancel = (id: string | undefined, on: Pick<typeof db, 'query'> = db) =>
    on.query<{ what: string }>('select pgrelay.cancel($1) as what', [id]).then((rows) => rows[0]?.what);
  const ids = (channel: string) =>
    db
      .query<{ id: string }>('select id::text from pgrelay.events where channel = $1 order by id', [channel])
      .then((rows) => rows.map((row) => row.id));

  beforeAll(async () => {
    await db.query('create table r.lock (what text primary key); grant select, update on r.lock to pgrelay');
    await db.query("insert into r.lock values ('1'), ('2')");
  });

  test('stops that batch; the event ends as cancelled, the others run, and the call goes on', async () => {
    await register('r.stop', 'update r.lock set what = what where what = $1');
    await send('r.stop', 1);
    const [id] = await ids('r.stop');
    const [holder, caller] = [await db.session('holder'), await db.session('caller')];
    await holder.query("begin; update r.lock set what = what where what = '1'");
    const call = caller.start('call pgrelay.run()');
    await caller.untilBlocked();
    await db.query("select pgrelay.notify('r.stop', '2')"); // comes while the call is at it
    expect(await cancel(id)).toBe('asked');
    expect(await call).toEqual([{ p_events: '1' }]);
    await holder.query('rollback');
    expect(await logOf(db, 'r.stop')).toMatchObject([
      { event_id: id, outcome: 'cancelled', attempt: 1, code: 'cancelled' },
      { outcome: 'done', attempt: 1 },
    ]);
    await expect(cancel(id)).rejects.toMatchObject({ code: 'PR028' });
    expect(await waiting('r.stop')).toBe(0);
  });

  test('race: who asks in a transaction is waited for; undone, it cuts the call off, and nothing is lost', async () => {
    await register('r.undo', 'update r.lock set what = what where what = $1');
    await send('r.undo', 1);
    const [id] = await ids('r.undo');
    const [holder, caller, canceller] = [await db.session('h'), await db.session('c'), await db.session('canceller')];
    await holder.query("begin; update r.lock set what = what where what = '1'");
    const call = caller.start('call pgrelay.run()');
    await caller.untilBlocked();
    await canceller.query('begin');
    expect(await cancel(id, canceller)).toBe('asked');
    await holder.query('rollback');
    await until(
      async () =>
        (
          await db.query(
            "select from pg_locks where pid = $1 and relation = 'pgrelay.cancellation'::regclass and not granted",
            [caller.pid],
          )
        ).length > 0,
      'the call waits for whoever asks',
    );
    await canceller.query('rollback');
    await expect(call).rejects.toMatchObject({ code: '57014', hint: expect.stringContaining('ready as before') });
    expect(await logOf(db, 'r.undo')).toEqual([]);
    expect(await run()).toBe(1);
    expect(await logOf(db, 'r.undo')).toMatchObject([{ event_id: id, outcome: 'done', attempt: 1 }]);
  });

  test('race: a batch that has passed its end is stopped no more, and nothing after it is hit', async () => {
    await register('r.late', 'update r.lock set what = what where what = $1');
    await send('r.late', 1);
    const [id] = await ids('r.late');
    const [holder, caller, gate] = [await db.session('h2'), await db.session('c2'), await db.session('gate')];
    await holder.query("begin; update r.lock set what = what where what = '1'");
    const call = caller.start('call pgrelay.run()');
    await caller.untilBlocked();
    const [{ slot } = { slot: 0 }] = await db.query<{ slot: number }>(
      "select slot from pgrelay.processors where host = 'CALL pgrelay.run' and pid = $1",
      [caller.pid],
    );
    await gate.query('begin');
    await gate.query('select pg_advisory_xact_lock(1919247987, $1)', [slot]); // as the call itself, at the end of its batch
    expect(await cancel(id)).toBe('asked');
    await gate.query('rollback');
    await holder.query('rollback');
    expect(await call).toEqual([{ p_events: '1' }]);
    expect(await logOf(db, 'r.late')).toMatchObject([{ event_id: id, outcome: 'done' }]);
  });

  test('race: a batch that has run passes the gate only when nobody is about to cancel it', async () => {
    await register('r.gate', 'select 1');
    await send('r.gate', 1);
    const [caller, canceller] = [await db.session('c4'), await db.session('canceller 4')];
    // The slot that the call will have, as cancel() has it between its look and its signal.
    const [{ slot } = { slot: 0 }] = await db.query<{ slot: number }>(
      'select min(s)::integer as slot from generate_series(1, 64) s where not exists (select from pgrelay.processors p where p.slot = s and p.heartbeat_age < p.lease)',
    );
    await canceller.query('select pg_advisory_lock_shared(1919247987, $1)', [slot]);
    const call = caller.start('call pgrelay.run()');
    await until(
      async () =>
        (await db.query("select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'", [caller.pid]))
          .length > 0,
      'the call is at the gate',
    );
    expect(await logOf(db, 'r.gate')).toEqual([]);
    await canceller.query('select pg_cancel_backend($1)', [caller.pid]);
    await canceller.query('select pg_advisory_unlock_shared(1919247987, $1)', [slot]);
    await expect(call).rejects.toMatchObject({ code: '57014' }); // in the batch, which is undone: nobody wanted an event cancelled
    expect(await logOf(db, 'r.gate')).toEqual([]);
    expect(await run()).toBe(1);
  });

  test('a login that may not cancel its backend says so, and the call goes on', async () => {
    await register('r.may', 'update r.lock set what = what where what = $1');
    await send('r.may', 1);
    const [id] = await ids('r.may');
    const admin = await db.connect(await db.login('pgrelay_admin'));
    const [holder, caller] = [await db.session('h3'), await db.session('c3')];
    await holder.query("begin; update r.lock set what = what where what = '1'");
    const call = caller.start('call pgrelay.run()');
    await caller.untilBlocked();
    expect((await admin.query('select pgrelay.cancel($1) as what', [id])).rows).toEqual([{ what: 'running' }]);
    await holder.query('rollback');
    expect(await call).toEqual([{ p_events: '1' }]);
  });
});
