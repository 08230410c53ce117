import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MigrateStep, migrate } from '@pgrelay/relay-sql';
import { lane, until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaDump } from './support/schema-dump.js';

const db = useDatabase({ template: 'empty' });
const crowd = useDatabase({ template: 'empty' });
const bare = useDatabase({ template: 'empty' });
const ended = useDatabase({ template: 'empty' });
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgrelay-module-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A plugin's module with these migrations. */
async function moduleWith(name: string, migrations: Record<string, string>) {
  const directory = join(folder, name);
  await rm(directory, { recursive: true, force: true });
  await cp(new URL('./fixtures/module/', import.meta.url), directory, { recursive: true });
  for (const [file, sql] of Object.entries(migrations)) await writeFile(join(directory, 'migrations', file), sql);
  return { name: 'probe', directory: pathToFileURL(`${directory}/`) };
}

describe('migrate', () => {
  test('installs once, then finds nothing to do', async () => {
    const steps: MigrateStep[] = [];
    const first = await migrate({ connectionString: db.url, onStep: (step) => steps.push(step) });
    expect(first.upToDate).toBe(false);
    expect(first.applied.map((a) => `${a.module} ${a.version}`)).toContain('pgrelay 1');
    expect(steps.map((s) => s.step)).toContain('functions and grants');
    expect(await migrate({ connectionString: db.url })).toEqual({ applied: [], upToDate: true });
  });

  test('twelve processes at once: one installs, all succeed', async () => {
    const results = await Promise.all(Array.from({ length: 12 }, () => migrate({ connectionString: crowd.url })));
    expect(results.filter((r) => r.applied.length > 0)).toHaveLength(1);
  });

  test('race: while one migration waits inside, another is refused; then both are through', async () => {
    const module = await moduleWith('exclusive', { '0001_pre_a.sql': 'create table probe.a (id integer);' });
    await migrate({ connectionString: crowd.url, modules: [module] });
    const holder = await crowd.session('holder');
    await holder.query('begin');
    await holder.query('select * from probe.a');
    await writeFile(
      join(folder, 'exclusive', 'migrations', '0002_pre_b.sql'),
      'alter table probe.a add column b text;',
    );
    const first = migrate({ connectionString: crowd.url, modules: [module], lockTimeoutMs: 60_000 });
    await until(
      async () =>
        (
          await crowd.query(
            "select from pg_stat_activity where application_name = 'pgrelay migrate' and wait_event_type = 'Lock' and datname = current_database()",
          )
        ).length === 1,
      'the first migration waits',
    );
    const second = migrate({ connectionString: crowd.url, modules: [module], waitMs: 100 });
    await expect(second).rejects.toMatchObject({
      code: 'RELAY_MIGRATION_BUSY',
      message: expect.stringContaining('another migration is running'),
    });
    await holder.query('commit');
    expect((await first).applied).toHaveLength(1);
    expect(await migrate({ connectionString: crowd.url, modules: [module] })).toEqual({ applied: [], upToDate: true });
  });

  test('a function that differs is re-applied as a whole', async () => {
    const module = await moduleWith('reapplied', { '0001_pre_a.sql': 'create table probe.a (id integer);' });
    await migrate({ connectionString: db.url, modules: [module] });
    await writeFile(
      join(folder, 'reapplied', 'functions', 'answer.sql'),
      'create or replace function probe.answer() returns integer language sql as $$ select 43 $$;',
    );
    const again = await migrate({ connectionString: db.url, modules: [module] });
    expect(again).toEqual({ applied: [], upToDate: false });
    expect(await db.query('select probe.answer()')).toEqual([{ answer: 43 }]);
  });

  test('refuses a schema that is newer than itself, and a migration edited after it ran', async () => {
    const newer = await moduleWith('newer', {
      '0001_pre_a.sql': 'create table probe.a (id integer);',
      '0002_pre_b.sql': 'create table probe.b (id integer);',
    });
    await migrate({ connectionString: db.url, modules: [newer] });
    const older = await moduleWith('older', { '0001_pre_a.sql': 'create table probe.a (id integer);' });
    await expect(migrate({ connectionString: db.url, modules: [older] })).rejects.toMatchObject({
      code: 'RELAY_SCHEMA_NEWER',
    });
    const edited = await moduleWith('edited', {
      '0001_pre_a.sql': 'create table probe.a (id bigint);',
      '0002_pre_b.sql': 'create table probe.b (id integer);',
    });
    await expect(migrate({ connectionString: db.url, modules: [edited] })).rejects.toMatchObject({
      code: 'RELAY_MIGRATION_CHANGED',
    });
  });

  test('refuses a wrongly numbered migration before it touches the database', async () => {
    const gap = await moduleWith('gap', { '0002_pre_a.sql': 'select 1;' });
    await expect(migrate({ connectionString: db.url, modules: [gap] })).rejects.toMatchObject({
      code: 'RELAY_MIGRATION_NAME',
    });
  });

  test('waits for a lock only for its lock_timeout, undoes everything, and succeeds when the lock is gone', async () => {
    const schemas = ['pgrelay', 'probe'];
    const before = await schemaDump(await db.connect(), schemas);
    const blocked = await moduleWith('blocked', {
      '0001_pre_a.sql': 'create table probe.a (id integer);',
      '0002_pre_b.sql': 'create table probe.b (id integer);',
      '0003_pre_c.sql': 'create table probe.c (id integer); alter table probe.a add column more text;',
    });
    const reader = await db.session('reader');
    await reader.query('begin');
    await reader.query('select * from probe.a');
    const attempt = migrate({ connectionString: db.url, modules: [blocked], lockTimeoutMs: 50, waitMs: 100 });
    await expect(attempt).rejects.toMatchObject({ code: 'RELAY_MIGRATION_BUSY' });
    expect(await schemaDump(await db.connect(), schemas)).toBe(before);
    await reader.query('commit');
    expect((await migrate({ connectionString: db.url, modules: [blocked] })).applied).toHaveLength(1);
  });

  test('one whose backend is ended half way rejects, leaves nothing, and is done when it is called again', async () => {
    const module = await moduleWith('ended', { '0001_pre_a.sql': 'create table probe.a (id integer);' });
    await migrate({ connectionString: ended.url, modules: [module] });
    await writeFile(
      join(folder, 'ended', 'migrations', '0002_pre_b.sql'),
      'create table probe.ended (); alter table probe.a add column ended text;',
    );
    const reader = await ended.session('reader');
    await reader.query('begin');
    await reader.query('select * from probe.a');
    const attempt = migrate({ connectionString: ended.url, modules: [module], lockTimeoutMs: 60_000 });
    attempt.catch(() => undefined);
    const pid = await until(
      async () =>
        (
          await ended.query<{ pid: number }>(
            "select pid from pg_stat_activity where application_name = 'pgrelay migrate' and wait_event_type = 'Lock' and datname = current_database()",
          )
        )[0]?.pid,
      'it waits in its second migration',
    );
    await ended.query('select pg_terminate_backend($1)', [pid]);
    await expect(attempt).rejects.toMatchObject({ code: '57P01' });
    await reader.query('commit');
    expect(await ended.query("select from pg_class where relname = 'ended'")).toEqual([]);
    expect((await migrate({ connectionString: ended.url, modules: [module] })).applied).toMatchObject([{ version: 2 }]);
  });

  test('a login that may not create roles is told what a DBA has to run', async () => {
    if (lane() === 'nosuperuser') await bare.query("create role probe_login login password 'x'");
    else await bare.query("create role probe_login login password 'x' nocreaterole");
    try {
      await bare.query(`grant create on database ${bare.name} to probe_login`);
      const url = new URL(bare.url);
      url.username = 'probe_login';
      url.password = 'x';
      await expect(migrate({ connectionString: url.href })).rejects.toMatchObject({
        code: 'RELAY_ROLES_MISSING',
        hint: expect.stringContaining('grant'),
      });
    } finally {
      await bare.query(`revoke create on database ${bare.name} from probe_login`);
      await bare.query('drop role probe_login');
    }
  });
});
