import { lane, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logOf, runBatch, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;
let login: string;

beforeAll(async () => {
  slot = await takeSlot(db);
  login = (await db.query<{ login: string }>('select session_user as login'))[0]?.login ?? '';
  await db.query(
    'create schema dev; grant usage, create on schema dev to public; create table dev.ran (by_role text); grant insert, select on dev.ran to public',
  );
  await db.query(
    'create table dev.poked (n integer); grant insert, select on dev.poked to public; create table secret (what text)',
  );
});

beforeEach(async () => {
  await db.query('delete from dev.ran; delete from dev.poked');
});

/** Registers, sends one event and runs it on a connection of its own, which also ends: nothing of it is left for the next. */
async function run(name: string, sql: string, more = '') {
  await db.query(`select pgrelay.register_channel($1, $2${more})`, [name, sql]);
  await db.query('select pgrelay.notify($1)', [name]);
  return runBatch(await db.session(name), slot, name);
}

/** Who ran something that was meant for the login. */
const roles = async () =>
  (await db.query<{ by_role: string }>('select distinct by_role from dev.ran')).map((r) => r.by_role);

const note = 'insert into dev.ran values (current_user);';

/** Ways out of the role, as statements of a PL/pgSQL function that the action calls; LOGIN is the login of the Processor. */
const escapes: readonly [name: string, body: string, sqlstate: string][] = [
  ['SET ROLE', `execute 'set role LOGIN'; ${note}`, '42501'],
  ['SET LOCAL ROLE', `execute 'set local role LOGIN'; ${note}`, '42501'],
  ['SET ROLE NONE', `execute 'set role none'; ${note}`, '42501'],
  ['RESET ROLE', `execute 'reset role'; ${note}`, '42501'],
  ['SET SESSION AUTHORIZATION', `execute 'set session authorization LOGIN'; ${note}`, '42501'],
  ['SET LOCAL SESSION AUTHORIZATION', `execute 'set local session authorization default'; ${note}`, '42501'],
  ['RESET SESSION AUTHORIZATION', `execute 'reset session authorization'; ${note}`, '42501'],
  ["set_config('role')", `perform set_config('role', 'LOGIN', false); ${note}`, '42501'],
  ["set_config('role', 'none')", `perform set_config('role', 'none', true); ${note}`, '42501'],
  [
    "set_config('session_authorization')",
    `perform set_config('session_authorization', 'LOGIN', false); ${note}`,
    '42501',
  ],
  ['DO', `execute 'do $d$ begin execute ''reset role''; end $d$'; ${note}`, '42501'],
  [
    'a nested function',
    `execute 'create function pg_temp.out() returns void language plpgsql as $d$ begin execute ''reset role''; end $d$'; perform pg_temp.out(); ${note}`,
    '42501',
  ],
  [
    'a procedure',
    `execute 'create procedure pg_temp.out() language plpgsql as $d$ begin execute ''reset role''; end $d$'; execute 'call pg_temp.out()'; ${note}`,
    '42501',
  ],
  [
    'a function that sets the role',
    `execute 'create function pg_temp.as_login() returns void language sql set role = ''LOGIN'' as $d$ insert into dev.ran values (current_user) $d$'; perform pg_temp.as_login();`,
    '42501',
  ],
  ['an exception handler', `begin raise 'x'; exception when others then execute 'reset role'; end; ${note}`, '42501'],
  [
    'dynamic SQL in dynamic SQL',
    `execute format('do %L', format('begin execute %L; end', 'reset role')); ${note}`,
    '42501',
  ],
  ['DISCARD ALL', `execute 'discard all'; ${note}`, '25001'],
  ['COMMIT', `commit; execute 'reset role'; ${note}`, '2D000'],
  ['ROLLBACK', `rollback; execute 'reset role'; ${note}`, '2D000'],
  [
    'COMMIT in a procedure',
    `execute 'create procedure pg_temp.out() language plpgsql as $d$ begin commit; end $d$'; execute 'call pg_temp.out()'; ${note}`,
    '2D000',
  ],
  ['COMMIT in dynamic SQL', `execute 'commit'; ${note}`, '0A000'],
  ['session_replication_role', `perform set_config('session_replication_role', 'replica', false); ${note}`, '42501'],
  ['making itself a superuser', `execute 'alter role pgrelay superuser'; ${note}`, '42501'],
  ['making itself a member', `execute 'grant pgrelay_owner to pgrelay'; ${note}`, '42501'],
  ['a program', `execute 'copy dev.ran from program ''true'''; ${note}`, '42501'],
  [
    'a function among the private ones',
    `execute 'create function pgrelay_action.mine() returns void language sql as ''select 1'''; ${note}`,
    '42501',
  ],
  [
    'replacing a private function',
    `execute 'create or replace function pgrelay_action.act_1(text) returns void language sql as ''select 1'''; ${note}`,
    '42501',
  ],
  ['a table among ours', `execute 'create table pgrelay.mine ()'; ${note}`, '42501'],
];

describe('an action stays in its role, whatever it tries and whoever the Processor is logged in as', () => {
  test.each(escapes)('%s', async (name, body, sqlstate) => {
    await db.query(
      `create or replace function dev.escape() returns void language plpgsql as $escape$ begin ${body.replaceAll('LOGIN', login)} end $escape$; grant execute on function dev.escape() to public`,
    );
    const channel = `e.${name}`;
    expect(await run(channel, 'select dev.escape()')).toMatchObject({ done: 0, failed: 1 });
    expect(await logOf(db, channel)).toMatchObject([{ outcome: 'failed', sqlstate }]);
    expect(await roles()).toEqual([]);
  });

  test('a deferred constraint trigger runs in the role, and cannot leave it either', async () => {
    await db.query(`create table dev.late (n integer); grant insert on dev.late to pgrelay;
      create function dev.late() returns trigger language plpgsql as $$ begin ${note}
        if new.n = 1 then execute 'reset role'; ${note} end if; return null; end $$;
      create constraint trigger late after insert on dev.late deferrable initially deferred for each row execute function dev.late()`);
    expect(await run('e.late', 'insert into dev.late values (0)')).toMatchObject({ done: 1 });
    expect(await run('e.late.reset', 'insert into dev.late values (1)')).toMatchObject({ failed: 1 });
    expect(await roles()).toEqual(['pgrelay']);
  });

  test.each([
    ['', 'false'],
    [', and then raises an error', "new.n = 2 and current_user = 'pgrelay'"],
  ])(
    'a deferred constraint trigger that defers itself again%s does not run at COMMIT, as the login',
    async (how, raises) => {
      const table = `dev.again_${how.length}`;
      await db.query(`create table ${table} (n integer); grant insert on ${table} to pgrelay;
      create function ${table}() returns trigger language plpgsql as $$ begin ${note}
        if ${raises} then raise exception using errcode = 'PR028'; end if;
        if new.n < 5 then set constraints all deferred; insert into ${table} values (new.n + 1); end if;
        return null; end $$;
      create constraint trigger again after insert on ${table} deferrable initially deferred for each row execute function ${table}()`);
      // From version 18 on it stays pending and fails the COMMIT, in the role of the action.
      await run(`e.again${how}`, `insert into ${table} values (1)`).catch((error) => expect(error.code).toBe('PR028'));
      expect((await roles()).filter((role) => role !== 'pgrelay')).toEqual([]);
    },
  );

  test('a transaction made read-only fails its event, not the batch', async () => {
    await run('e.readonly', "select set_config('transaction_read_only', 'on', true)");
    expect(await logOf(db, 'e.readonly')).toMatchObject([{ outcome: 'failed', sqlstate: 'PR006' }]);
  });

  test('a cursor WITH HOLD is not run at COMMIT, as the login', async () => {
    await db.query(`create function dev.hold() returns integer language plpgsql as $$ begin ${note} return 1; end $$`);
    await run('e.hold', 'declare held cursor with hold for select dev.hold()');
    expect((await roles()).filter((role) => role !== 'pgrelay')).toEqual([]);
  });

  test.each(['explain analyze', 'prepare'])(
    'what it leaves behind in the session is not run as the login (%s)',
    async (how) => {
      await db.query(
        `create or replace function dev.planted() returns integer language plpgsql as $$ begin ${note} return 1; end $$`,
      );
      await run(
        `e.left.${how}`,
        how === 'prepare' ? 'prepare select_1 as select dev.planted()' : 'explain analyze select dev.planted()',
      );
      expect((await roles()).filter((role) => role !== 'pgrelay')).toEqual([]);
    },
  );
});

describe('an action may read and call nothing of the relay but what a producer may', () => {
  test.each([
    ['reads payloads', 'select count(payload) from pgrelay.queue'],
    ['reads failed payloads', 'select count(payload) from pgrelay.failed'],
    ['reads delayed payloads', 'select count(payload) from pgrelay.delayed'],
    ['reads results of effects', 'select count(result) from pgrelay.effect'],
    ['reads other actions', 'select count(action_sql) from pgrelay.channel'],
    [
      'settles',
      "select count(*) from pgrelay.settle_v1(1::smallint, 1, '{1}', '{1}', '{done}', '{0}', '{0}', '{0}', '{null}')",
    ],
    ['claims', 'select count(*) from pgrelay.claim_v1(1::smallint, 1, 1::smallint, 1, 1)'],
    ['runs a batch', 'select pgrelay.run_batch_v1(1::smallint, 1, 1::smallint, 1, 1, false, 50)'],
    ['takes a slot', "select pgrelay.attach_v1('x', 1, 'x', 1000, 1, '{}')"],
    ['buries others', 'select count(*) from pgrelay.bury_v1()'],
    ['builds an action', "select pgrelay.build_action(1, 'select 1', 'public', true)"],
    ['registers a channel', "select pgrelay.register_channel('e.mine', 'select 1')"],
    ['redrives', 'select pgrelay.redrive(1)'],
    ['writes the log', 'delete from pgrelay.log'],
  ])('it %s: refused', async (what, sql) => {
    const name = `e.may.${what}`;
    expect(await run(name, sql, ', p_check => false')).toMatchObject({ failed: 1 });
    expect(await logOf(db, name)).toMatchObject([{ sqlstate: '42501' }]);
  });

  test('and is refused when it is registered', async () => {
    await expect(
      db.query("select pgrelay.register_channel('e.checked', 'select count(payload) from pgrelay.queue')"),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a private function that is altered while the relay looks at it', () => {
  test('refuses to run as anybody but its role', async () => {
    await db.query("select pgrelay.register_channel('e.frame', 'select dev.planted()')");
    const [row] = await db.query<{ id: number }>("select id from pgrelay.channels where name = 'e.frame'");
    const frame = `pgrelay_action.run_${row?.id}`;
    await db.query(
      `set role ${lane() === 'superuser' ? 'pgrelay' : 'pgrelay_owner'}; alter function ${frame} security invoker; reset role`,
    );
    const session = await db.session('owner');
    await session.query('set role pgrelay_owner');
    await expect(session.query(`select ${frame}('{1}', array['x'], false, now())`)).rejects.toMatchObject({
      code: 'PR008',
    });
    expect((await roles()).filter((role) => role !== 'pgrelay')).toEqual([]);
  });
});
