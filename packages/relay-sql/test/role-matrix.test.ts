import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { type Probe, probes, triedRights } from './support/tried-rights.js';

const db = useDatabase();
const schemas = ['pgrelay', 'pgrelay_action', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http'];
const roles = ['pgrelay', 'pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'];
let all: Probe[];

beforeAll(async () => {
  await db.query(
    "select pgrelay.register_channel('sql', 'select 1'), pgrelay.register_channel('later', 'select 1', p_check => false)",
  );
  all = await probes(await db.connect(), schemas);
});

/** What a fresh login with these roles may do, object by object. */
async function rightsOf(...memberOf: string[]): Promise<Map<string, readonly string[]>> {
  const client = await db.connect(await db.login(...memberOf));
  const rights = new Map<string, readonly string[]>();
  for (const probe of all)
    rights.set(probe.object, [
      ...new Set([...(rights.get(probe.object) ?? []), ...(await triedRights(client, probe))]),
    ]);
  return rights;
}

test('every object, for every role, tried by logging in: the committed matrix', async () => {
  const found = new Map<string, string[]>(all.map(({ object }) => [object, []]));
  for (const role of roles)
    for (const [object, rights] of await rightsOf(role))
      if (rights.length > 0) found.get(object)?.push(`${role.replace(/^pgrelay_/, '')}=${rights.join('+')}`);
  const lines = [...found].map(([object, rights]) => `${object}: ${rights.join(' ') || 'nobody'}`);
  expect(lines.length).toBeGreaterThan(150);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./role-matrix.txt');
});

test('a stranger, and so PUBLIC, may do nothing with any of it', async () => {
  const open = [...(await rightsOf())].filter(([, rights]) => rights.length > 0);
  expect(open).toEqual([]);
});

test('nothing depends on a schema being closed: PUBLIC is granted no object either', async () => {
  const granted = await db.query(
    `select p.oid::regprocedure::text as object from pg_proc p where p.pronamespace = any ($1::text[]::regnamespace[]) and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
     union all select c.oid::regclass::text from pg_class c where c.relnamespace = any ($1::text[]::regnamespace[]) and exists (select from aclexplode(c.relacl) a where a.grantee = 0)
     union all select n.nspname from pg_namespace n where n.nspname = any ($1) and exists (select from aclexplode(n.nspacl) a where a.grantee = 0)`,
    [schemas],
  );
  expect(granted).toEqual([]);
});

test('daily partitions of the log are open to nobody: it is read through its parent', async () => {
  await db.query('select pgrelay.maintain_v1()');
  const days = await db.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where c.relnamespace = 'pgrelay'::regnamespace and c.relkind = 'r' and c.relname ~ '^log_\\d{8}$'",
  );
  expect(days.length).toBeGreaterThan(3);
  const client = await db.connect(await db.login('pgrelay_admin'));
  for (const { name } of days)
    await expect(client.query(`select from ${name}`), name).rejects.toMatchObject({ code: '42501' });
});
