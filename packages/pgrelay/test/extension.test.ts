import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { installScript, migrate, schemaStatus } from '@pgrelay/relay-sql';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { composedModules } from '../src/compose.js';
import { version } from '../src/version.js';
import { run } from './support/binary.js';
import { catalog } from './support/catalog.js';
import { currentFiles, earlier, earlierFiles, extensions } from './support/extensions.js';
import { useServers } from './support/server.js';

const modules = composedModules();
const forgetful = '0.0.2';
const { server } = useServers('server');
let expected = '';

const create = async (client: pg.Client, version = '') => {
  for (const extension of extensions) await client.query(`create extension ${extension} ${version}`);
};

/** A database, and a login that may make schemas in it and nothing else. */
async function database(name: string, login?: string, attributes = ''): Promise<pg.Client> {
  await server.run(`create database ${name}`);
  if (login !== undefined) {
    await server.run(
      `create role ${login} login password '${login}' ${attributes}`,
      `grant create on database ${name} to ${login}`,
    );
  }
  return server.connect(name, login);
}

async function isCurrent(name: string): Promise<void> {
  const states = await schemaStatus({ connectionString: server.url(name), modules });
  expect(states.map(({ status }) => status)).toEqual(states.map(() => 'current'));
}

/** An action runs, a failure is kept: what is installed works. */
async function works(name: string): Promise<void> {
  const client = await server.connect(name);
  await client.query("select pgrelay.register_channel('try', 'select 1 / $1::int')");
  await client.query("select pgrelay.notify('try', '1'), pgrelay.notify('try', '0')");
  await client.query('call pgrelay.run()');
  const { rows } = await client.query("select outcome from pgrelay.log where channel = 'try' order by event_id");
  expect(rows).toEqual([{ outcome: 'done' }, { outcome: 'failed' }]);
  expect((await client.query('select count(*)::int as slots from pgrelay.instance')).rows).toEqual([{ slots: 64 }]);
  expect((await client.query('select match, delays::text from pgrelay.retry_rules')).rows).toEqual([
    { match: 'sqlstate:40', delays: '{00:00:03,00:00:05,00:00:10}' },
  ]);
  await client.query("select pgrelay.drop_channel('try')");
}

beforeAll(async () => {
  const files = await currentFiles();
  const cron = files.get(`pg_relay_cron--${version}.sql`) ?? '';
  const forgotten = cron.replace("('pgrelay_cron.miss', 'all'), ", '');
  await server.start(new Map([...files, ...(await earlierFiles()), [`pg_relay_cron--${forgetful}.sql`, forgotten]]));
  // The first install of the cluster makes the roles, with no more than CREATEROLE.
  await database('migrated', 'maker', 'createrole');
  await migrate({ connectionString: server.url('migrated', 'maker'), modules });
  expected = await catalog(await server.connect('migrated'));
});

describe('every way to install gives the same', () => {
  test('migrate with CREATEROLE', async () => {
    expect(expected.split('\n').length).toBeGreaterThan(1_000);
    await works('migrated');
  });

  test('migrate as a superuser', async () => {
    const client = await database('as_superuser');
    await migrate({ connectionString: server.url('as_superuser'), modules });
    expect(await catalog(client)).toBe(expected);
  });

  test('migrate where the roles were made beforehand', async () => {
    await database('beforehand', 'installer');
    await server.run('grant pgrelay_owner to installer');
    await migrate({ connectionString: server.url('beforehand', 'installer'), modules });
    expect(await catalog(await server.connect('beforehand'))).toBe(expected);
    await works('beforehand');
  });

  test('the script', async () => {
    const client = await database('scripted');
    await client.query(await installScript({ modules }));
    expect(await catalog(client)).toBe(expected);
    await works('scripted');
  });

  test('CREATE EXTENSION, by a login that may do nothing else', async () => {
    const client = await database('created', 'owner_only');
    await create(client);
    expect(await catalog(await server.connect('created'))).toBe(expected);
    await isCurrent('created');
    await works('created');
    await expect(client.query('select * from pgrelay.failed')).rejects.toMatchObject({ code: '42501' }); // it got no rights by that
  });

  test(`CREATE EXTENSION at ${earlier}, then ALTER EXTENSION UPDATE`, async () => {
    const client = await database('updated', 'upgrader');
    await create(client, `version '${earlier}'`);
    expect(await catalog(await server.connect('updated'))).not.toBe(expected);
    for (const extension of extensions) await client.query(`alter extension ${extension} update`);
    expect(await catalog(await server.connect('updated'))).toBe(expected);
    await isCurrent('updated');
    await works('updated');
  });
});

describe('what is installed becomes an extension', () => {
  const members = `select pg_describe_object(classid, objid, 0) as what from pg_depend where deptype = 'e' and refobjid in
    (select oid from pg_extension where extname ~ '^pg_(relay|auto_mv)') order by 1`;
  const dumped =
    "select extname, (select array_agg(t::regclass::text order by t::regclass::text) from unnest(extconfig) t) as tables from pg_extension where extname ~ '^pg_' order by 1";
  const takeIn = async (client: pg.Client) => {
    for (const extension of extensions) {
      await client.query(`create extension ${extension} version 'unpackaged'`);
      await client.query(`alter extension ${extension} update`);
    }
  };

  test('with its rows, the same members and the same rules for dumps', async () => {
    const client = await database('packaged', 'packager');
    await server.run('grant pgrelay_owner to packager');
    await migrate({ connectionString: server.url('packaged', 'packager'), modules });
    const dba = await server.connect('packaged');
    await dba.query("select pgrelay.register_channel('kept', 'select 1')");
    await dba.query("select pgrelay.notify('kept')");
    await takeIn(client);
    const made = await server.connect('created');
    expect((await dba.query(members)).rows).toEqual((await made.query(members)).rows);
    expect((await dba.query(dumped)).rows).toEqual((await made.query(dumped)).rows);
    await dba.query('call pgrelay.run()');
    expect((await dba.query("select outcome from pgrelay.log where channel = 'kept'")).rows).toEqual([
      { outcome: 'done' },
    ]);
    await dba.query("select pgrelay.drop_channel('kept')");
    expect(await catalog(dba)).toBe(expected);
  });

  test('only by somebody who could also drop it', async () => {
    await database('strange', 'stranger');
    await migrate({ connectionString: server.url('strange'), modules });
    const client = await server.connect('strange', 'stranger');
    await expect(client.query("create extension pg_relay version 'unpackaged'")).rejects.toMatchObject({
      code: 'PR043',
    });
  });
});

test('a trigger that a member of pgrelay_owner has planted does not run as a superuser', async () => {
  await database('planted', 'planter');
  await server.run('grant pgrelay_owner to planter');
  const client = await server.connect('planted', 'planter');
  await create(client, `version '${earlier}'`);
  await client.query(`set role pgrelay_owner`);
  await client.query('create table pgrelay.ran_as (who text)');
  await client.query(
    `create function pgrelay.spring() returns trigger language plpgsql as $$ begin insert into pgrelay.ran_as values (current_user); return new; end $$`,
  );
  for (const table of ['schema_migration', 'schema_module', 'instance', 'retry_rule', 'channel'])
    await client.query(
      `create trigger trap before insert or update or delete on pgrelay.${table} for each statement execute function pgrelay.spring()`,
    );
  await client.query('reset role');
  await client.query('alter extension pg_relay update');
  const { rows } = await (await server.connect('planted')).query('select distinct who from pgrelay.ran_as');
  expect(rows).toEqual([{ who: 'pgrelay_owner' }]);
});

describe('an extension and migrate()', () => {
  test('migrate leaves one that is current alone, and says how to upgrade one that is not', async () => {
    const client = await database('mixed');
    await create(client);
    expect(await migrate({ connectionString: server.url('mixed'), modules })).toEqual({ applied: [], upToDate: true });
    await client.query(
      "update pgrelay.schema_module set checksum = 'of an earlier release' where module = 'pgauto_mv'",
    );
    await expect(migrate({ connectionString: server.url('mixed'), modules })).rejects.toMatchObject({
      code: 'RELAY_EXTENSION_INSTALLED',
      message: expect.stringContaining('pgauto_mv is a part of the extension pg_auto_mv'),
      hint: expect.stringContaining('alter extension pg_auto_mv update'),
    });
    await expect(client.query(await installScript({ modules }))).rejects.toMatchObject({ code: 'PR042' });
    await client.query('rollback');
  });

  test('a schema that is there already is refused, and nothing is done', async () => {
    const client = await server.connect('migrated');
    await expect(client.query('create extension pg_relay')).rejects.toMatchObject({ code: 'PR043' });
    expect(await catalog(client)).toBe(expected);
  });

  test('the statements of the guide do it', async () => {
    const page = await readFile(new URL('../../../docs/guides/install.md', import.meta.url), 'utf8');
    const client = await database('guide');
    const blocks = [...page.matchAll(/^```sql extension\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
    expect(blocks).toHaveLength(2);
    for (const block of blocks) await client.query(block);
    expect(await catalog(client)).toBe(expected);
  });

  test('one that was dropped is made again from the beginning', async () => {
    const client = await database('again');
    await create(client);
    await client.query('drop extension pg_auto_mv');
    expect(await schemaStatus({ connectionString: server.url('again'), modules })).toContainEqual({
      module: 'pgauto_mv',
      status: 'missing',
    });
    await client.query('create extension pg_auto_mv');
    expect(await catalog(client)).toBe(expected);
    await client.query('drop extension pg_auto_mv');
    await migrate({ connectionString: server.url('again'), modules });
    expect(await catalog(client)).toBe(expected);
  });

  test('updates keep what SQL channels are made of, outside of the extension', async () => {
    const client = await database('kept');
    await create(client);
    await client.query("select pgrelay.register_channel('kept', 'select 1')");
    await client.query("update pgrelay.channel set frame = null where name = 'kept'"); // as a migration to another form does
    await client.query(`update pg_extension set extversion = '${earlier}' where extname = 'pg_relay'`);
    await client.query('alter extension pg_relay update');
    const { rows } =
      await client.query(`select p.proname, (select count(*)::int from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
      and d.deptype = 'e') as member from pg_proc p where p.pronamespace = 'pgrelay_action'::regnamespace order by 1`);
    expect(rows).toEqual([
      { proname: 'act_1', member: 0 },
      { proname: 'run_1', member: 0 },
    ]);
    await client.query("select pgrelay.notify('kept')");
    await client.query('call pgrelay.run()');
    expect((await client.query('select outcome from pgrelay.log')).rows).toEqual([{ outcome: 'done' }]);
  });
});

test('a dump holds every table and sequence, but for these', async () => {
  const client = await server.connect('created');
  const { rows } =
    await client.query(`select c.oid::regclass::text as name from pg_depend d join pg_class c on c.oid = d.objid and c.relkind in ('r', 'p', 'S')
    join pg_extension e on e.oid = d.refobjid where d.deptype = 'e' and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_extension'::regclass
      and c.oid <> all (coalesce(e.extconfig, '{}')) and c.relname !~ '^wish_' order by c.oid::regclass::text collate "C"`);
  expect(rows.map(({ name }) => name)).toEqual([
    'pgauto_mv.planner',
    'pgauto_mv.planner_beat',
    'pgauto_mv.tally',
    'pgauto_mv.tally_look',
    'pgauto_mv.verifier',
    'pgrelay.armed',
    'pgrelay.debounce_beat',
    'pgrelay.debounce_look',
    'pgrelay.expiry_beat',
    'pgrelay.log',
    'pgrelay.rescan',
    'pgrelay.schema_migration',
    'pgrelay.schema_module',
    'pgrelay.waiters_beat',
  ]);
});

test('a table without a rule for dumps makes no extension', async () => {
  const client = await database('forgotten');
  await client.query('create extension pg_relay');
  await expect(client.query(`create extension pg_relay_cron version '${forgetful}'`)).rejects.toMatchObject({
    code: 'PR044',
    message: 'pgrelay_cron.miss has no rule for dumps',
  });
});

test('pgrelay extension writes the files', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pgrelay-extension-'));
  try {
    const { code, stdout } = await run(['extension', '--output', folder, '--from', earlier, '--json']);
    expect(code).toBe(0);
    const files = await currentFiles();
    expect(JSON.parse(stdout)).toEqual({ version: expect.any(String), files: [...files.keys()] });
    for (const [name, text] of files) expect(await readFile(path.join(folder, name), 'utf8')).toBe(text);
    expect(files.get('pg_auto_mv.control')).toContain("requires = 'pg_relay'");
    expect(await run(['extension', '--output', folder, '--from', '1--2'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('RELAY_EXTENSION_INVALID'),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
