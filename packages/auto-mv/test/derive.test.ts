import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { refresh } from './support/refresh.js';

const db = useDatabase();

async function derived(view: string): Promise<string[]> {
  const rows = await db.query<{ found: string }>(
    `select coalesce(array_to_string(d.operations, ','), 'cannot') || ' ' || d.object as found
     from pgauto_mv.derive_watches($1::regclass) d order by 1`,
    [view],
  );
  return rows.map((row) => row.found);
}

const rows = 'INSERT,DELETE,TRUNCATE';
const id = 'INSERT,UPDATE OF 1 FOR EACH ROW,DELETE,TRUNCATE';

test('tables, through plain and nested views, sub-selects and CTEs', async () => {
  await db.query(
    'create table a (id integer); create table b (id integer); create table c (id integer); create table d (id integer)',
  );
  await db.query('create view v1 as select a.id from a join b using (id)');
  await db.query('create view v2 as select id from v1 where exists (select from c where c.id = v1.id)');
  await db.query('create materialized view nested as with x as (select * from d) select v2.id from v2, x');
  expect(await derived('nested')).toEqual(['a', 'b', 'c', 'd'].map((table) => `${id} public.${table}`));
  const [mv] = await db.query<{ id: string }>("select pgauto_mv.register_mv('nested'::regclass) as id");
  const client = await db.connect();
  for (const table of ['a', 'b', 'c', 'd']) {
    await refresh(client, mv?.id ?? '');
    await db.query(`insert into ${table} values (1)`);
    expect(await db.query('select dirty from pgauto_mv.freshness where id = $1', [mv?.id]), table).toEqual([
      { dirty: true },
    ]);
  }
});

test('a partitioned table with its partitions: a write addressed to a partition is noticed', async () => {
  await db.query('create table p (id integer) partition by range (id)');
  await db.query('create table p1 partition of p for values from (0) to (10)');
  await db.query('create materialized view parts as select count(*) from p');
  expect(await derived('parts')).toEqual([`${rows} public.p`, `${rows} public.p1`]);
  const [mv] = await db.query<{ id: string }>("select pgauto_mv.register_mv('parts'::regclass) as id");
  await refresh(await db.connect(), mv?.id ?? '');
  await db.query('insert into p1 values (1)');
  expect(await db.query('select dirty from pgauto_mv.freshness where id = $1', [mv?.id])).toEqual([{ dirty: true }]);
});

test('a partition attached later is a problem row until a Processor has repaired it', async () => {
  await db.query('create table p2 partition of p for values from (10) to (20)');
  const problems = await db.query(
    "select code, evidence from pgauto_mv.get_mv_problems() where object = 'public.parts' and code = 'source_not_watched'",
  );
  expect(problems).toEqual([{ code: 'source_not_watched', evidence: 'reads public.p2, which it does not watch' }]);
});

test('a materialized view by its refreshes: the downstream view becomes dirty when it has been refreshed', async () => {
  await db.query('create table base (id integer)');
  await db.query('create materialized view upstream as select count(*) as n from base');
  await db.query('create view between_them as select n from upstream');
  await db.query('create materialized view downstream as select n from between_them');
  expect(await derived('downstream')).toEqual(['REFRESH public.upstream']);
  const [down] = await db.query<{ id: string }>("select pgauto_mv.register_mv('downstream'::regclass) as id");
  expect(
    await db.query(
      "select code from pgauto_mv.get_mv_problems() where object = 'public.downstream' and code = 'source_not_registered'",
    ),
  ).toHaveLength(1);
  const [up] = await db.query<{ id: string }>("select pgauto_mv.register_mv('upstream'::regclass) as id");
  expect(await db.query("select code from pgauto_mv.get_mv_problems() where code = 'source_not_registered'")).toEqual(
    [],
  );
  const client = await db.connect();
  await refresh(client, up?.id ?? '');
  await refresh(client, down?.id ?? '');
  const dirty = async () => db.query('select dirty from pgauto_mv.freshness where id = $1', [down?.id]);
  expect(await dirty()).toEqual([{ dirty: false }]);
  await db.query('insert into base values (1)');
  expect(await dirty()).toEqual([{ dirty: false }]);
  await refresh(client, up?.id ?? '');
  expect(await dirty()).toEqual([{ dirty: true }]);
  await refresh(client, down?.id ?? '');
  expect(await db.query('select n::int from downstream')).toEqual([{ n: 1 }]);
});

test('what cannot be watched is a notice and a problem row with a remedy', async () => {
  await db.query(
    "create function opaque() returns integer language plpgsql stable as 'begin return (select count(*) from public.a); end'",
  );
  await db.query(
    "create materialized view unwatchable as select opaque() as n, now() as at, current_date as day, 'random() of course' as text",
  );
  expect(await derived('unwatchable')).toEqual(['cannot current_date', 'cannot now', 'cannot public.opaque()']);
  const client = await db.connect();
  const notices: string[] = [];
  client.on('notice', (notice) => notices.push(notice.message ?? ''));
  await client.query("select pgauto_mv.register_mv('unwatchable'::regclass)");
  expect(notices).toHaveLength(3);
  const rows = await db.query<{ remedy: string }>(
    "select remedy from pgauto_mv.get_mv_problems() where code = 'not_watched' and object = 'public.unwatchable'",
  );
  expect(rows).toHaveLength(3);
  expect(rows.every((row) => row.remedy.length > 0)).toBe(true);
});

test('what depends on more than the rows of a table is listed with its reason', async () => {
  await db.query('create sequence numbers');
  await db.query('create unlogged table scratch (id integer)');
  await db.query(`create function from_clock() returns timestamptz stable begin atomic select clock_timestamp(); end`);
  const reasons: readonly [string, string, string][] = [
    ['select last_value from numbers', 'public.numbers', 'a sequence takes no trigger'],
    ['select relname from pg_class', 'pg_catalog.pg_class', 'a system catalog takes no trigger'],
    [
      'select table_name::text from information_schema.tables',
      'information_schema.tables',
      'a system catalog takes no trigger',
    ],
    ['select gen_random_uuid() as u', 'gen_random_uuid', 'its result changes with no write to any table'],
    ['select from_clock() as at', 'clock_timestamp', 'its result changes with no write to any table'],
    [
      "select id from a where current_setting('x.y', true) = ''",
      'current_setting',
      'its result changes with no write to any table',
    ],
    ['select session_user::text as u', 'session_user', 'its result changes with no write to any table'],
    ['select id from a tablesample bernoulli (50)', 'tablesample', 'its result changes with no write to any table'],
    ['select id from scratch', 'public.scratch', 'a crash empties an unlogged table, and no trigger fires for that'],
  ];
  for (const [query, object, reason] of reasons) {
    await db.query(`create materialized view odd as ${query}`);
    expect(
      await db.query("select object, reason from pgauto_mv.derive_watches('odd'::regclass) where operations is null"),
      query,
    ).toEqual([{ object, reason }]);
    await db.query('drop materialized view odd');
  }
});

test('row security that applies to the owner of the view is listed beside the watches of its table', async () => {
  await withLogin(db, [], async (owner, user) => {
    await db.query('create table secret (id integer, n integer)');
    await db.query('alter table secret enable row level security');
    await db.query(`grant select on secret to ${user}`);
    await db.query(`grant create on schema public to ${user}`);
    await owner.query('create materialized view seen as select n from secret');
    expect(await derived('seen')).toEqual([
      'INSERT,UPDATE OF 2 FOR EACH ROW,DELETE,TRUNCATE public.secret',
      'cannot public.secret',
    ]);
    await owner.query('drop materialized view seen');
  });
});
