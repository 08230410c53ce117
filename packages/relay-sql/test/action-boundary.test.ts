import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { logOf, runBatch, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query('create schema dev; grant usage on schema dev to pgrelay');
  await db.query(
    'create table dev.stolen (by_role text); grant insert, select on dev.stolen to public; create table secret (what text)',
  );
  await db.query("insert into secret values ('TOPSECRET')");
});

/** Registers, sends one event and runs it. */
async function run(name: string, sql: string, more = '') {
  await db.query(`select pgrelay.register_channel($1, $2${more})`, [name, sql]);
  await db.query('select pgrelay.notify($1)', [name]);
  return runBatch(db, slot, name);
}

describe('an action cannot leave its role', () => {
  test('by a search_path that outlives it: what runs next finds no planted function', async () => {
    await db.query(`create function dev.set_config(text, text, boolean) returns text language plpgsql as
      $$ begin insert into dev.stolen values (current_user); return pg_catalog.set_config($1, $2, $3); end $$`);
    await db.query(`create function dev.cardinality(anyarray) returns integer language plpgsql as
      $$ begin insert into dev.stolen values (current_user); return pg_catalog.cardinality($1); end $$`);
    await db.query(`create function dev.plant() returns void language plpgsql as
      $$ begin perform pg_catalog.set_config('search_path', 'dev, pg_catalog', false); end $$`);
    expect(await run('x.path', 'select dev.plant()')).toMatchObject({ done: 1 });
    expect(await db.query('select by_role from dev.stolen')).toEqual([]);
  });

  test('by a cursor WITH HOLD, which would be run at COMMIT as the login', async () => {
    expect(
      await run(
        'x.hold',
        "declare x_held cursor with hold for select query_to_xml('select * from secret', true, true, '')",
      ),
    ).toMatchObject({ done: 1 });
    expect(await db.query("select from pg_cursors where name = 'x_held'")).toEqual([]);
  });

  test('by altering the frame of another channel: it is noticed and not run', async () => {
    await db.query("select pgrelay.register_channel('x.victim', 'select 1'), pgrelay.notify('x.victim')");
    const [victim] = await db.query<{ id: number }>("select id from pgrelay.channels where name = 'x.victim'");
    const frame = `pgrelay_action.run_${victim?.id}(bigint[], text[], boolean, timestamptz)`;
    await db.query(`create function dev.alter_frame() returns void language plpgsql as
      $$ begin execute 'alter function ${frame} set search_path = dev'; end $$`);
    expect(await run('x.alter', 'select dev.alter_frame()')).toMatchObject({ done: 1 });
    await expect(runBatch(db, slot, 'x.victim')).rejects.toMatchObject({ code: 'PR008' });
    expect(await db.query("select object from pgrelay.get_problems() where code = 'action_missing'")).toEqual([
      { object: 'channel x.victim' },
    ]);
  });

  test('by SQL in the schemas of its registration', async () => {
    await db.query(
      `select pgrelay.register_channel_as('x.schemas', 'select 1', null, false, null, null, null, false,
         array['public" as $run$ select 1 $run$; create table dev.injected (); --']::name[])`,
    );
    expect(await db.query("select to_regclass('dev.injected') is null as clean")).toEqual([{ clean: true }]);
  });
});

describe('an action that misbehaves harms only its event', () => {
  test('a failed ASSERT is a failed event', async () => {
    await db.query(`create function dev.assert() returns void language plpgsql as $$ begin assert false, 'no'; end $$`);
    expect(await run('x.assert', 'select dev.assert()')).toMatchObject({ failed: 1 });
    expect(await logOf(db, 'x.assert')).toMatchObject([{ outcome: 'failed', sqlstate: 'P0004' }]);
  });

  test('slow events are taken one at a time, so that the timeout bounds an event', async () => {
    await db.query("select pgrelay.register_channel('x.slow', 'select pg_sleep(0.03)')");
    await db.query("select pgrelay.notify('x.slow') from generate_series(1, 40)");
    const [row] = await db.query<{ done: number }>(
      'select done from pgrelay.run_batch_v1($1, $2, 1::smallint, (select id from pgrelay.channels where name = $3), 100, false, 50)',
      [slot.slot, slot.epoch, 'x.slow'],
    );
    expect(row?.done).toBeLessThan(20);
  });
});
