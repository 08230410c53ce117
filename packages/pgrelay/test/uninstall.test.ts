import { installScript, migrate, uninstall as remove, type UninstallItem } from '@pgrelay/relay-sql';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { composedModules } from '../src/compose.js';
import { run } from './support/binary.js';
import { catalog } from './support/catalog.js';
import { currentFiles, extensions } from './support/extensions.js';
import { useServers } from './support/server.js';

const modules = composedModules();
const { server } = useServers('server');

const roles = ['pgrelay', 'pgrelay_admin', 'pgrelay_owner', 'pgrelay_processor', 'pgrelay_producer', 'pgrelay_viewer'];

/** Everything that is not PostgreSQL's own: schemas, routines, triggers, extensions. */
const rest = async (session: pg.Client) =>
  (
    await session.query(`select 'schema ' || nspname as what from pg_namespace where nspname !~ '^pg_(toast|temp|catalog)|^information_schema$|^public$'
    union all select 'routine ' || oid::regprocedure from pg_proc where pronamespace <> all (array['pg_catalog', 'information_schema']::regnamespace[])
    union all select 'trigger ' || tgname from pg_trigger where not tgisinternal
    union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
    union all select 'relation ' || oid::regclass from pg_class where relnamespace = 'public'::regnamespace order by 1`)
  ).rows.map(({ what }) => what);

const ourRoles = async () => {
  const session = await server.connect('postgres');
  return (await session.query("select rolname from pg_roles where rolname ~ '^pgrelay' order by 1")).rows.map(
    ({ rolname }) => rolname,
  );
};

async function uninstall(database: string, ...args: string[]) {
  const { code, stdout, stderr } = await run(['uninstall', '--json', ...args], { databaseUrl: server.url(database) });
  const { removed, kept, done } = (stdout === '' ? {} : JSON.parse(stdout)) as {
    removed?: UninstallItem[];
    kept?: UninstallItem[];
    done?: boolean;
  };
  const of = (kind: string) => (removed ?? []).filter((item) => item.kind === kind).map(({ object }) => object);
  return { code, stderr, removed: removed ?? [], kept: kept ?? [], done, of };
}

async function populate(session: pg.Client): Promise<void> {
  await session.query(`
    create table public.orders (id int);
    create materialized view public.totals as select count(*) as n from public.orders;
    create view public.what_failed as select channel, failed_at from pgrelay.failed;
    grant insert on public.orders to pgrelay;
    select pgrelay.register_channel('stock', 'insert into public.orders values ($1::int)');
    select pgauto_mv.register_mv('public.totals'::regclass);
    select pgrelay_cron.schedule('nightly', '0 3 * * *', 'select 1');
    select pgrelay_http.register_endpoint('hook', 'https://example.com/hook')`);
  await session.query("select pgrelay.notify('stock', 'x')");
  await session.query('call pgrelay.run()');
  await session.query(
    "select pgrelay.notify('stock', '1'), pgrelay.notify('stock', '2', now() + interval '1 h'), pgrelay.notify('hook', '{}')",
  );
}

const install = {
  migrate: async (database: string) => void (await migrate({ connectionString: server.url(database), modules })),
  script: async (database: string) =>
    void (await (await server.connect(database)).query(await installScript({ modules }))),
  extension: async (database: string) => {
    const session = await server.connect(database);
    for (const extension of extensions) await session.query(`create extension ${extension}`);
  },
};

beforeAll(async () => server.start(await currentFiles()));

describe.each(['migrate', 'script', 'extension'] as const)('installed by %s', (kind) => {
  const name = `by_${kind}`;
  let session: pg.Client;

  beforeAll(async () => {
    await server.run(`create database ${name}`);
    await install[kind](name);
    session = await server.connect(name);
    await populate(session);
  });

  test('it lists what goes and what is lost, and removes nothing', async () => {
    const before = await catalog(session);
    const plan = await uninstall(name);
    expect({ code: plan.code, done: plan.done, stderr: plan.stderr }).toEqual({ code: 3, done: false, stderr: '' });
    expect(plan.of('extension')).toEqual(kind === 'extension' ? [...extensions].sort() : []);
    expect(plan.of('schema')).toEqual(['pgauto_mv', 'pgrelay', 'pgrelay_action', 'pgrelay_cron', 'pgrelay_http']);
    expect(plan.of('function').length).toBe(6); // two each for stock, the job and the sync of auto-mv
    expect(plan.of('trigger').every((trigger) => / on public\.orders$/.test(trigger))).toBe(true);
    expect(plan.of('trigger').length).toBeGreaterThan(2);
    expect(plan.of('dependent')).toEqual(['view public.what_failed']);
    expect(plan.of('grant')).toEqual(['pgrelay: table public.orders']);
    expect(plan.of('role').sort()).toEqual(roles);
    const lost = plan.removed
      .filter((item) => item.kind === 'lost')
      .map(({ object, detail }) => `${object}: ${detail}`);
    for (const line of [
      'channel stock: 2 events that wait or run, with their payloads',
      'channel hook: 1 events that wait or run, with their payloads',
      'channel stock: 1 failed events, with their payloads',
      'pgrelay.log: 1 audit rows',
      'registration of public.totals: the view itself and its rows stay; nobody refreshes it any more',
      'endpoint hook: POST https://example.com, with its secrets',
      expect.stringMatching(/^job nightly: 0 3 \* \* \*, next at /),
    ])
      expect(lost).toContainEqual(line);
    expect(await catalog(session)).toBe(before);
    expect((await run(['uninstall'], { databaseUrl: server.url(name) })).stdout).toContain('Nothing was removed.');
  });

  test('it refuses while a Processor is alive, unless it is forced', async () => {
    await session.query("select pgrelay.attach_v1('host-a', 7, '0', 60000, 1, '{}')");
    const refused = await uninstall(name, '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('RELAY_PROCESSORS_ALIVE');
    expect(refused.stderr).toContain('host-a pid 7');
    expect((await uninstall(name)).of('processor')).toEqual(['slot 1']);
    expect((await session.query('select count(*)::int as n from pgrelay.events')).rows).toEqual([{ n: 4 }]);
  });

  test('it removes all of it; the view and its table stay, and a role that another database uses', async () => {
    await server.run(`create database other_${kind}`);
    const other = await server.connect(`other_${kind}`);
    await other.query('create table public.theirs (id int); grant select on public.theirs to pgrelay_viewer');
    const done = await uninstall(name, '--yes', '--force');
    expect({ code: done.code, stderr: done.stderr, done: done.done }).toEqual({ code: 0, stderr: '', done: true });
    expect(done.kept).toEqual([
      { kind: 'role', object: 'pgrelay_viewer', detail: `stays: used in other_${kind} (1 objects)` },
    ]);
    expect(await rest(session)).toEqual(['relation public.orders', 'relation public.totals']);
    expect(await ourRoles()).toEqual(['pgrelay_viewer']);
    expect((await uninstall(name)).removed).toEqual([]);
    expect((await run(['uninstall', '--yes'], { databaseUrl: server.url(name) })).code).toBe(0);
    await other.query('drop table public.theirs');
  });

  test('after that it can be installed again, and works', async () => {
    await install[kind](name);
    expect(await ourRoles()).toEqual(roles);
    await session.query(
      "insert into public.orders values (1); select pgauto_mv.register_mv('public.totals'::regclass)",
    );
    await session.query("select pgrelay.register_channel('try', 'select 1')");
    await session.query("select pgrelay.notify('try')");
    await session.query('call pgrelay.run()');
    expect((await session.query("select outcome from pgrelay.log where channel = 'try'")).rows).toEqual([
      { outcome: 'done' },
    ]);
    expect((await uninstall(name, '--yes')).code).toBe(0);
    expect(await ourRoles()).toEqual([]);
  });
});

test('a login with CREATEROLE removes what it has installed, roles included', async () => {
  await server.run("create role maker login password 'maker' createrole", 'create database made owner maker');
  await migrate({ connectionString: server.url('made', 'maker'), modules });
  const session = await server.connect('made', 'maker');
  await populate(session);
  expect((await uninstall('made', '--database-url', server.url('made', 'maker'))).code).toBe(3);
  const dba = await server.connect('made');
  await dba.query('create table public.of_others (id int); grant select on public.of_others to pgrelay_admin');
  const done = await uninstall('made', '--yes', '--database-url', server.url('made', 'maker'));
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
  expect(done.kept.map(({ object }) => object)).toEqual(['pgrelay_admin']); // its right on the table of another is not the login's to take
  expect(await rest(session)).toEqual(['relation of_others', 'relation orders', 'relation totals']);
  expect(await ourRoles()).toEqual(['pgrelay_admin']);
  await dba.query('drop owned by pgrelay_admin; drop role pgrelay_admin');
});

test('one module goes with its channels, and nothing else; its jobs do not wait for ever', async () => {
  await server.run('create database one');
  await install.migrate('one');
  const session = await server.connect('one');
  await populate(session);
  await session.query('select pgrelay_cron.run_now($1)', ['nightly']);
  const plan = await uninstall('one', '--module', 'pgrelay_cron');
  expect(plan.of('schema')).toEqual(['pgrelay_cron']);
  expect(plan.of('channel')).toEqual(['cron.nightly']);
  expect(plan.of('role')).toEqual([]);
  expect((await uninstall('one', '--module', 'pgrelay_cron', '--yes')).code).toBe(0);
  expect(
    (
      await session.query(
        "select to_regnamespace('pgrelay_cron') as gone, count(*)::int as n from pgrelay.channels where name ~ 'cron'",
      )
    ).rows,
  ).toEqual([{ gone: null, n: 0 }]);
  expect((await session.query("select reason from pgrelay.failed where channel = 'cron.nightly'")).rows).toEqual([
    { reason: 'channel_dropped' },
  ]);
  expect((await session.query("select count(*)::int as n from pgrelay.events where channel = 'stock'")).rows).toEqual([
    { n: 2 },
  ]);
  await migrate({ connectionString: server.url('one'), modules });
  await session.query("select pgrelay_cron.schedule('again', 'every 1 minute', 'select 1')");
  const unknown = await uninstall('one', '--module', 'pgrelay_crom');
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('RELAY_MODULE_UNKNOWN') });
});

test('a lock that cannot be had undoes all of it, and says so', async () => {
  await server.run('create database busy');
  await install.migrate('busy');
  const session = await server.connect('busy');
  await populate(session);
  const before = await catalog(session);
  await session.query('begin; lock table public.orders in access share mode');
  await expect(remove({ connectionString: server.url('busy'), modules, lockTimeoutMs: 50 })).rejects.toMatchObject({
    code: 'RELAY_UNINSTALL_BUSY',
  });
  await session.query('rollback');
  expect(await catalog(session)).toBe(before);
});
