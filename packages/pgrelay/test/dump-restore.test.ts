import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrate } from '@pgrelay/relay-sql';
import { until } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composedModules } from '../src/compose.js';
import { Binary, run } from './support/binary.js';
import { catalog, schemas } from './support/catalog.js';
import { client, errors, lacking, mayLack, newerThanServer, shell } from './support/clients.js';
import { currentFiles, extensions } from './support/extensions.js';
import { type OwnServer, useServers } from './support/server.js';

const modules = composedModules();
const start = (databaseUrl: string) => new Binary(['start', '--workers', '2', '--log-level', 'warn'], { databaseUrl });

if (lacking !== undefined) {
  console.warn(`Dump and restore are not tried in this lane: ${lacking}.`);
  test.skipIf(mayLack)(`dump and restore are not tried: ${lacking}`, () => expect(lacking).toBeUndefined());
}

async function rowsOf(session: pg.Client): Promise<unknown[]> {
  const sql = await readFile(new URL('./support/rows.sql', import.meta.url), 'utf8');
  return (await session.query({ text: sql, values: [schemas] })).rows;
}

const one = async (session: pg.Client, sql: string) => Object.values((await session.query(sql)).rows[0] ?? {})[0];

/** All that a database can hold when it is dumped: also events in the hands of a Processor that has gone. */
async function populate(session: pg.Client, url: string): Promise<void> {
  await session.query(`
    create table public.done (payload text not null);
    grant insert on public.done to pgrelay;
    create table public.orders (id int, amount int);
    create materialized view public.totals as select count(*) as orders from public.orders;
    select pgrelay.register_channel('stock', 'insert into public.done values (nullif($1, ''broken''))');
    select pgrelay.register_channel('mail'), pgrelay.register_channel('paused', 'select 1');
    select pgrelay.pause_channel('paused'), pgrelay.set_breaker('stock', 100), pgrelay.set_retry('mail', 'sqlstate:40001', '{1 s}');
    select pgrelay.unset_retry(null, 'sqlstate:40');
    select pgauto_mv.register_mv('public.totals'::regclass, p_refresh_lag => 0, p_cooldown => 0);
    select pgrelay_cron.schedule('nightly', '0 3 * * *', 'select 1');
    select pgrelay_http.register_endpoint('hook', 'https://relay.invalid/hook')`);
  await session.query("select pgrelay.notify('stock', '1'), pgrelay.notify('stock', 'broken')");
  const before = start(url);
  await until(
    async () => (await one(session, "select count(*)::int from pgrelay.log where channel = 'stock'")) === 2,
    'the first events have ended',
  );
  await until(
    async () => (await one(session, 'select bool_and(is_dirty) from pgauto_mv.materialized_view_state')) === false,
    'the view is fresh',
  );
  before.signal('SIGTERM');
  expect(await before.ended).toBe(0);
  await session.query(`
    insert into public.orders values (1, 10);
    select pgrelay.notify('stock', '2'), pgrelay.notify('stock', '3', now() + interval '1 ms'), pgrelay.notify('stock', '9', now() + interval '1 h'),
      pgrelay.notify('paused', 'x', p_dedup_key => 'k'), pgrelay.notify('hook', '{}'), pgrelay.notify('mail', 'letter', p_priority => 7)`);
  // A Processor that holds an event, and will never be heard of again.
  await session.query(`with p as (select * from pgrelay.attach_v1('gone', 1, '0', 5000, 1, array['mail']))
    select c.* from p, pgrelay.claim_v1(p.slot, p.epoch, 1::smallint, (select id from pgrelay.channel where name = 'mail'), 10) c`);
}

describe.skipIf(lacking !== undefined).each(['migrate', 'extension'] as const)(
  'installed by %s, dumped and restored into a new cluster',
  (kind) => {
    const { from, to } = useServers('from', 'to');
    let folder = '';
    let origin: pg.Client;
    let rows: unknown[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'pgrelay-dump-'));
      const files = kind === 'extension' ? await currentFiles() : undefined;
      await Promise.all([from.start(files), to.start(files)]);
      await from.run('create database shop');
      origin = await from.connect('shop');
      if (kind === 'migrate') await migrate({ connectionString: from.url('shop'), modules });
      else for (const extension of extensions) await origin.query(`create extension ${extension}`);
      await populate(origin, from.url('shop'));
      rows = await rowsOf(origin);
      client('pg_dump', '--format=custom', `--file=${path.join(folder, 'shop.dump')}`, from.url('shop'));
      client('pg_dump', `--file=${path.join(folder, 'shop.sql')}`, from.url('shop'));
      if (kind === 'migrate') await restoreRoles(from, to);
      await to.run('create database custom', 'create database plain');
      client(
        'pg_restore',
        ...(newerThanServer ? [] : ['--exit-on-error']),
        '--dbname',
        to.url('custom'),
        path.join(folder, 'shop.dump'),
      );
      client(
        'psql',
        '--quiet',
        `--set=ON_ERROR_STOP=${newerThanServer ? 0 : 1}`,
        `--file=${path.join(folder, 'shop.sql')}`,
        to.url('plain'),
      );
    });
    afterAll(() => rm(folder, { recursive: true }));

    /** The passwords of the old cluster's superuser stay there. CREATE EXTENSION needs none of this: it makes the roles. */
    async function restoreRoles(source: OwnServer, target: OwnServer): Promise<void> {
      const roles = client('pg_dumpall', '--roles-only', '--dbname', source.url('postgres'));
      const file = path.join(folder, 'roles.sql');
      await writeFile(file, roles.replaceAll(/^(CREATE|ALTER) ROLE postgres\b.*$/gm, ''));
      client('psql', '--quiet', '--set=ON_ERROR_STOP=1', `--file=${file}`, target.url('postgres'));
    }

    test.each(['custom', 'plain'])('every row and every object is there (%s)', async (name) => {
      const session = await to.connect(name);
      expect(rows.length).toBeGreaterThan(40);
      expect(await one(session, 'select payload from pgrelay.failed')).toBe('broken');
      expect(await rowsOf(session)).toEqual(rows);
      expect(await catalog(session)).toBe(await catalog(origin));
      expect(await run(['migrate'], { databaseUrl: to.url(name) })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Nothing to do'),
      });
    });

    test('the commands of the guide do it', async () => {
      const page = await readFile(new URL('../../../docs/guides/back-up-and-restore.md', import.meta.url), 'utf8');
      const commands = [...page.matchAll(/^```sh restore\n([\s\S]*?)^```$/gm)].map((match) => match[1]).join('');
      const [old, fresh] = [from, to].map((server) => server.url('postgres').replace(/\/postgres$/, ''));
      shell(commands, folder, { OLD_SERVER: old ?? '', NEW_SERVER: fresh ?? '' });
      expect(await rowsOf(await to.connect('shop'))).toEqual(rows);
    });

    test.skipIf(kind === 'extension')(
      'a login that is no superuser restores, and migrate mends what it could not',
      async () => {
        await to.run(
          "create role mover login password 'mover'",
          'create database moved owner mover',
          'grant pgrelay_owner to mover',
        );
        const lines = errors('pg_restore', '--dbname', to.url('moved', 'mover'), path.join(folder, 'shop.dump'));
        expect(
          lines.filter(
            (line) =>
              !/must be (a )?member of role "?postgres|able to SET ROLE "postgres"|schema pgrelay_action|errors ignored|^pg_restore: (from|while)/.test(
                line,
              ),
          ),
        ).toEqual([]);
        const session = await to.connect('moved');
        expect(await rowsOf(session)).toEqual(rows);
        const missing = async () =>
          (await session.query("select object from pgrelay.get_problems() where code = 'action_missing'")).rows.length;
        expect(await missing()).toBeGreaterThan(0);
        expect(await migrate({ connectionString: to.url('moved', 'mover'), modules })).toMatchObject({
          upToDate: true,
        });
        expect(await missing()).toBe(0);
        expect(await catalog(session)).toBe(await catalog(origin));
      },
    );

    test('the node of the events is a problem; adopted, everything goes on and runs once', async () => {
      const name = kind === 'migrate' ? 'custom' : 'plain';
      const session = await to.connect(name);
      const problems = async () =>
        JSON.parse((await run(['problems', '--json'], { databaseUrl: to.url(name) })).stdout) as {
          code: string;
          object: string;
        }[];
      expect(await problems()).toContainEqual(expect.objectContaining({ code: 'unknown_node', object: 'node 1' }));
      expect(await one(session, 'select bool_and(is_dirty) from pgauto_mv.materialized_view_state')).toBe(true);
      const codes = (await problems()).map(({ code }) => code);
      expect(codes).toContain('restored');
      expect(codes).not.toContain('view_gone'); // it is looked for by its old number as yet

      const processor = start(to.url(name));
      await until(
        async () => (await one(session, "select count(*)::int from pgrelay.log where outcome = 'lost'")) === 1,
        'the event of the old Processor is back',
      );
      await until(
        async () => (await one(session, 'select bool_and(is_dirty) from pgauto_mv.materialized_view_state')) === false,
        'the view is fresh',
      );
      expect(await one(session, 'select orders from public.totals')).toBe('1');
      expect(
        await one(
          session,
          "select count(*)::int from pgrelay.log where channel = 'stock' and finished_at > (select max(first_seen_at) from pgrelay.node)",
        ),
      ).toBe(0);

      await until(
        async () => Number(await one(session, 'select pgrelay.adopt_events(1::smallint)')) === 0,
        'all events are adopted',
      );
      await until(
        async () => (await one(session, 'select count(*)::int from public.done')) === 3,
        'the events have run',
      );
      expect((await session.query('select payload from public.done order by 1')).rows).toEqual([
        { payload: '1' },
        { payload: '2' },
        { payload: '3' },
      ]);
      expect(
        (
          await session.query(
            "select event_id from pgrelay.log where channel = 'stock' and outcome = 'done' group by 1 having count(*) > 1",
          )
        ).rows,
      ).toEqual([]);
      expect(
        (
          await session.query(
            'select channel, state, attempt, lost from pgrelay.events where channel !~ $1 order by 1',
            ['^(pgauto_mv|cron)'],
          )
        ).rows,
      ).toEqual([
        { channel: 'hook', state: 'ready', attempt: 0, lost: 0 },
        { channel: 'mail', state: 'ready', attempt: 1, lost: 1 },
        { channel: 'paused', state: 'ready', attempt: 0, lost: 0 },
        { channel: 'stock', state: 'delayed', attempt: 0, lost: 0 },
      ]);
      expect((await problems()).map(({ code }) => code)).not.toContain('unknown_node');

      // Deliveries are held until somebody says that this is no test copy.
      expect((await problems()).map(({ code }) => code)).toContain('http_node_unconfirmed');
      await session.query('select pgrelay_http.confirm_node()');
      await until(
        async () =>
          (await one(session, "select least(count(*), 1)::int from pgrelay.log where channel = 'hook'")) === 1,
        'the delivery was tried',
      );

      expect(await one(session, "select next_fire_at from pgrelay_cron.jobs where name = 'nightly'")).toEqual(
        await one(origin, "select next_fire_at from pgrelay_cron.jobs where name = 'nightly'"),
      );
      await session.query('insert into public.orders values (2, 20)'); // the triggers work, and the views go on
      await until(
        async () => (await one(session, 'select orders from public.totals')) === '2',
        'the view is fresh again',
      );
      await session.query("select pgrelay.notify('stock', '4')");
      await until(
        async () => (await one(session, "select count(*)::int from public.done where payload = '4'")) === 1,
        'a new event runs',
      );
      processor.signal('SIGTERM');
      expect(await processor.ended).toBe(0);
      expect(processor.stderr).toBe('');
    });
  },
);
