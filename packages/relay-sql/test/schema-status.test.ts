import { migrate, schemaStatus } from '@pgrelay/relay-sql';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase({ template: 'empty' });

const status = async () => (await schemaStatus({ connectionString: db.url })).map((state) => state.status);

test('says whether the database is as this release wants it', async () => {
  expect(await status()).toEqual(['missing']);
  await migrate({ connectionString: db.url });
  expect(await status()).toEqual(['current']);
  await db.query("update pgrelay.schema_module set checksum = 'another'");
  expect(await status()).toEqual(['different']);
  await db.query("insert into pgrelay.schema_migration values ('pgrelay', 99, 'pre_future', 'x')");
  expect(await status()).toEqual(['newer']);
  await db.query('delete from pgrelay.schema_migration');
  expect(await status()).toEqual(['old']);
});

test('a login of a Processor may look', async () => {
  const rows = await db.query<{ may: boolean }>(
    "select bool_and(has_table_privilege('pgrelay_processor', t, 'select')) as may from unnest(array['pgrelay.schema_migration', 'pgrelay.schema_module']) t",
  );
  expect(rows).toEqual([{ may: true }]);
});
