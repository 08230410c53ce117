import { Processor } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { logLines } from './support/log-lines.js';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const register = (name: string, statements: string | readonly string[], more = '') =>
  db.query(
    `select pgrelay.register_channel($1, $2::${typeof statements === 'string' ? 'text' : 'text[]'}, p_mode => 'toplevel'${more})`,
    [name, statements],
  );
const notify = (name: string) => db.query('select pgrelay.notify($1)', [name]);
const ended = (name: string) =>
  until(async () => {
    const rows = await outcomes(db, name);
    return rows.length > 0 ? rows : undefined;
  }, `an attempt of ${name} ended`);

beforeAll(async () => {
  await db.query('create schema t; grant usage, create on schema t to pgrelay');
  await db.query(
    'set role pgrelay; create table t.stock (id integer, n integer); insert into t.stock select x, x from generate_series(1, 100) x; reset role',
  );
});

describe('a top-level channel', () => {
  test('runs VACUUM, CREATE INDEX CONCURRENTLY and a procedure that commits, as role pgrelay, then others as before', async () => {
    await db.query('create table t.who (role text); grant insert on t.who to pgrelay');
    await db.query(
      'create procedure t.work() language plpgsql as $$ begin insert into t.who values (current_user); commit; insert into t.who values (current_user); commit; end $$',
    );
    await db.query('set search_path = t, public');
    await register('t.all', ['vacuum stock', 'create index concurrently stock_n on stock (n)', 'call work()']);
    await db.query('reset search_path');
    await db.query("select pgrelay.register_channel('t.after', 'insert into t.who values (current_user)')");
    await running(db);
    await notify('t.all');
    expect(await ended('t.all')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
    await notify('t.after');
    await ended('t.after');
    expect(await db.query('select role from t.who')).toEqual([
      { role: 'pgrelay' },
      { role: 'pgrelay' },
      { role: 'pgrelay' },
    ]);
    expect(await db.query("select indisvalid from pg_index where indexrelid = 't.stock_n'::regclass")).toEqual([
      { indisvalid: true },
    ]);
    await until(
      async () =>
        (await db.query("select from pg_stat_user_tables where relname = 'stock' and vacuum_count = 1")).length,
      'the vacuum is counted',
    );
  });

  test('an error fails the event; what ran before stays, what comes after does not run', async () => {
    await register('t.fails', [
      'update t.stock set n = -1 where id = 1',
      'select 1/0',
      'update t.stock set n = -1 where id = 2',
    ]);
    await running(db);
    await notify('t.fails');
    expect(await ended('t.fails')).toMatchObject([{ outcome: 'failed', sqlstate: '22012', code: 'action_error' }]);
    expect(await db.query('select id from t.stock where n = -1')).toEqual([{ id: 1 }]);
  });

  test('what a statement leaves in the session is gone for the next event', async () => {
    await db.query('create table t.left (role text, path text, locks bigint); grant insert on t.left to pgrelay');
    await db.query(
      "create procedure t.leave() language plpgsql as $$ begin perform set_config('role', 'none', false), set_config('work_mem', '77MB', false), pg_advisory_lock(77); end $$",
    );
    await register('t.leaves', 'call t.leave()');
    await db.query(
      "select pgrelay.register_channel('t.looks', 'insert into t.left select current_user, current_setting(''work_mem''), count(*) from pg_locks where locktype = ''advisory'' and objid = 77 and database = (select oid from pg_database where datname = current_database())')",
    );
    await running(db);
    await notify('t.leaves');
    await ended('t.leaves');
    await notify('t.looks');
    await ended('t.looks');
    const [row] = await db.query<{ role: string; path: string; locks: string }>('select * from t.left');
    expect(row).toMatchObject({ role: 'pgrelay', locks: '0' });
    expect(row?.path).not.toBe('77MB');
  });

  test('a VACUUM that PostgreSQL skips for lack of a privilege is a failure, not a success', async () => {
    await db.query('create table t.foreign ()');
    await register('t.skipped', 'vacuum t.foreign');
    await running(db);
    await notify('t.skipped');
    expect(await ended('t.skipped')).toMatchObject([{ outcome: 'failed', code: 'toplevel_skipped' }]);
  });

  test('two Processors run one event of it at a time', async () => {
    await db.query('create table t.span (at timestamptz); grant insert on t.span to pgrelay');
    await register('t.turn', [
      'insert into t.span values (clock_timestamp())',
      'select pg_sleep(0.1)',
      'insert into t.span values (clock_timestamp())',
    ]);
    await Promise.all([running(db), running(db)]);
    for (let n = 0; n < 3; n += 1) await notify('t.turn');
    await until(async () => (await outcomes(db, 't.turn')).length === 3, 'all three ended');
    const spans = await db.query<{ ms: number }>(
      'select extract(epoch from lead(at) over w - at)::float8 * 1000 as ms from t.span window w as (order by at)',
    );
    expect(spans).toHaveLength(6);
    for (const index of [0, 2, 4]) expect(spans[index]?.ms).toBeGreaterThanOrEqual(100);
  });

  test('a login that may not act as pgrelay says so, and the event waits, uncounted', async () => {
    const login = await db.login('pgrelay_processor');
    await register('t.role', 'vacuum t.stock');
    await notify('t.role');
    const url = new URL(db.url);
    url.username = login.user;
    url.password = login.password;
    const { log, lines } = logLines();
    const processor = new Processor({ connectionString: url.href, log, pollIntervalMs: 20 });
    await processor.start();
    try {
      await until(async () => lines.some((line) => line.includes('RELAY_TOPLEVEL_ROLE')), 'it is logged');
    } finally {
      await processor.stop();
    }
    expect(await db.query("select state, attempt from pgrelay.events where channel = 't.role'")).toEqual([
      { state: 'ready', attempt: 0 },
    ]);
    await db.query("select pgrelay.drop_channel('t.role', p_force => true)");
  });
});

describe('registration', () => {
  test.each([
    ["set work_mem = '1GB'", /SET/],
    ['  /* */ reset role', /RESET/],
    ['set local role x', /SET/],
    ['discard all', /DISCARD/],
    ['begin', /BEGIN/],
    ['select 1; select 2', /2 statements/],
    ['-- nothing', /0 statements/],
    ['insert into t.who values ($1)', /\$1/],
    ['copy t.who from stdin', /COPY/],
  ])('refuses %j', async (sql, message) => {
    const call = register('t.refused', sql);
    await expect(call).rejects.toMatchObject({
      code: 'PR006',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
    await expect(register('t.refused', ['select 1', sql])).rejects.toMatchObject({ code: 'PR006' });
  });

  test('does not stumble over what only looks like it', async () => {
    await register('t.looks-like', [
      'select \'$1; reset role\' as "$1; set"',
      'do $body$ begin perform $$ $1 $$; end $body$',
    ]);
  });

  test('an array needs the mode, the mode needs SQL, and what cannot run in a function is told of it', async () => {
    const refused = (call: string) => expect(db.query(`select pgrelay.register_channel(${call})`), call).rejects;
    await refused("'t.x', array['vacuum'], 'transactional'").toMatchObject({ code: 'PR004' });
    await refused("'t.x', p_mode => 'toplevel'").toMatchObject({ code: 'PR004' });
    await refused("'t.x', '{}'::text[]").toMatchObject({ code: 'PR006' });
    for (const sql of ['vacuum', 'create index concurrently on t.stock (n)', 'reindex table concurrently t.stock'])
      await refused(`'t.x', '${sql}'`).toMatchObject({ code: 'PR006', hint: expect.stringContaining('toplevel') });
    await refused("'t.x', 'reset role'").toMatchObject({ hint: expect.not.stringContaining('toplevel') });
  });

  test('a channel changes between top level, SQL and handler', async () => {
    const kind = () => db.query("select kind, mode from pgrelay.channels where name = 't.change'");
    await db.query("select pgrelay.register_channel('t.change', 'select 1')");
    await register('t.change', 'vacuum', ', p_replace => true');
    expect(await kind()).toEqual([{ kind: 'toplevel', mode: 'toplevel' }]);
    const made =
      "select from pg_proc where pronamespace = 'pgrelay_action'::regnamespace and proname = (select 'run_' || id from pgrelay.channels where name = 't.change')";
    expect(await db.query(made)).toEqual([]);
    await db.query("select pgrelay.register_channel('t.change', p_replace => true)");
    expect(await kind()).toEqual([{ kind: 'handler', mode: 'leased' }]);
  });
});
