import { installScript, loadModule, migrate, relaySql, type SqlModule } from '@pgrelay/relay-sql';
import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { schemaDump } from './support/schema-dump.js';

const schemas = ['pgrelay', 'pgrelay_action', 'probe'];
const modules: readonly SqlModule[] = [{ name: 'probe', directory: new URL('./fixtures/module/', import.meta.url) }];
const migrated = useDatabase({ template: 'empty' });
const scripted = useDatabase({ template: 'empty' });
const upgraded = useDatabase({ template: 'empty' });
const newer = useDatabase({ template: 'empty' });
let script = '';
let expected = '';

beforeAll(async () => {
  script = await installScript({ modules, title: 'pgrelay, for a test' });
  await migrate({ connectionString: migrated.url, modules });
  expected = await schemaDump(await migrated.connect(), schemas);
});

describe('the script', () => {
  test('installs what migrate() installs, which then finds nothing to do', async () => {
    const session = await scripted.connect();
    await session.query(script);
    expect(await schemaDump(await scripted.connect(), schemas)).toBe(expected);
    expect(await migrate({ connectionString: scripted.url, modules })).toEqual({ applied: [], upToDate: true });
    expect((await session.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
  });

  test('may be run again, and loses nothing', async () => {
    const session = await scripted.connect();
    await session.query("select pgrelay.register_channel('kept', 'select 1')"); // its function is in pgrelay_action
    await session.query("select pgrelay.notify('kept', 'x')");
    await session.query(script);
    const without = await schemaDump(await migrated.connect(), ['pgrelay', 'probe']);
    expect(await schemaDump(await scripted.connect(), ['pgrelay', 'probe'])).toBe(without);
    expect((await session.query('select count(*)::int as n from pgrelay.events')).rows).toEqual([{ n: 1 }]);
  });

  test('upgrades from every version', async () => {
    const { migrations } = await loadModule(relaySql);
    const session = await upgraded.connect();
    for (const { version } of migrations.slice(0, -1)) {
      await migrate({ connectionString: upgraded.url, upTo: version });
      await session.query('begin');
      await session.query(script.replace(/^begin;$/m, '').replace(/^commit;$/m, ''));
      expect(await schemaDump(session, schemas), `from version ${version}`).toBe(expected);
      await session.query('rollback');
    }
  });

  test('refuses a schema that a newer release has migrated, and a migration that was edited, and does nothing', async () => {
    const session = await newer.connect();
    await session.query(script);
    await session.query("insert into pgrelay.schema_migration values ('probe', 99, 'pre_future', 'x')");
    await expect(session.query(script)).rejects.toMatchObject({
      code: 'PR040',
      message: expect.stringContaining('version 99'),
    });
    await session.query('rollback');
    await session.query('delete from pgrelay.schema_migration where version = 99');
    await session.query("update pgrelay.schema_migration set checksum = 'x' where module = 'pgrelay' and version = 1");
    await expect(session.query(script)).rejects.toMatchObject({
      code: 'PR041',
      message: expect.stringContaining('migration 1'),
    });
    await session.query('rollback');
    expect(await schemaDump(await newer.connect(), schemas)).toBe(expected);
  });
});
