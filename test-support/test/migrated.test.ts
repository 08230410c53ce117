import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase();

test('a file gets a clone of a database with every module installed, owned by no superuser', async () => {
  const rows = await db.query(
    `select nspname as name, rolname as owner, rolsuper as super
       from pg_namespace join pg_roles r on r.oid = nspowner where nspname ~ '^pg(relay|auto_mv)' order by 1`,
  );
  expect(rows).toContainEqual({ name: 'pgrelay', owner: 'pgrelay_owner', super: false });
  for (const row of rows) expect(row).toMatchObject({ owner: 'pgrelay_owner', super: false });
});
