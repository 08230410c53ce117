import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { declareChannel } from './support/refresh.js';
import { changesOf, dirties, registerDerived, repairAll, watchesOf, whyOf } from './support/watches.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let tables = 0;

/** A table of five columns with two rows, in the schema public. */
async function table(extra = ''): Promise<string> {
  const name = `t${++tables}`;
  await db.query(
    `create table ${name} (id integer primary key, a integer, b integer, "Odd name" text, unused integer${extra})`,
  );
  await db.query(`insert into ${name} (id, a, b) values (1, 1, 1), (2, 2, 2)`);
  return name;
}

async function viewOver(query: string): Promise<string> {
  await db.query(`create materialized view v${++tables} as ${query}`);
  return registerDerived(db, `v${tables}`);
}

describe('an UPDATE', () => {
  test('that sets a used column is noticed, one that sets another marks nothing', async () => {
    const t = await table();
    const mv = await viewOver(`select a, count(*) from ${t} where b > 0 group by a order by max("Odd name")`);
    expect(await watchesOf(db, mv)).toEqual([
      `DELETE public.${t}`,
      `INSERT public.${t}`,
      `TRUNCATE public.${t}`,
      `UPDATE(a,b,Odd name) public.${t}, each row`,
    ]);
    expect(await dirties(db, mv, `update ${t} set unused = 7, id = id + 10`)).toBe(false);
    expect(await changesOf(db, mv)).toEqual([]);
    for (const set of ['a = 7', 'b = 7', `"Odd name" = 'x'`, 'unused = 8, b = 8']) {
      expect(await dirties(db, mv, `update ${t} set ${set}`), set).toBe(true);
    }
    expect(await whyOf(db, mv, `public.${t}`)).toBeNull();
  });

  test('of no row marks nothing, one of many rows writes one row a transaction', async () => {
    const t = await table();
    const mv = await viewOver(`select sum(a) from ${t}`);
    await db.query(`insert into ${t} (id, a) select g, g from generate_series(10, 5000) g`);
    expect(await dirties(db, mv, `update ${t} set a = 3 where false`)).toBe(false);
    const before = (await changesOf(db, mv)).length;
    await db.query(`begin; update ${t} set a = 3; update ${t} set a = 4 where id < 100; commit`);
    expect((await changesOf(db, mv)).slice(before)).toEqual(['UPDATE']);
  });

  test('in a savepoint that is rolled back marks nothing, and hides nothing that follows', async () => {
    const t = await table();
    const mv = await viewOver(`select sum(a) from ${t}`);
    expect(await dirties(db, mv, `begin; savepoint s; update ${t} set a = 3; rollback to s; commit`)).toBe(false);
    expect(
      await dirties(db, mv, `begin; savepoint s; update ${t} set a = 3; rollback to s; update ${t} set a = 4; commit`),
    ).toBe(true);
  });

  test('by INSERT … ON CONFLICT and by MERGE counts by the columns it sets', async () => {
    const t = await table();
    const mv = await viewOver(`select a from ${t}`);
    const upsert = (set: string) =>
      `insert into ${t} as x (id) select id from ${t} on conflict (id) do update set ${set} = 5`;
    expect(await dirties(db, mv, upsert('a'))).toBe(true);
    const merge = (set: string) =>
      `merge into ${t} x using (select 1 as id) s on x.id = s.id when matched then update set ${set} = 6`;
    expect(await dirties(db, mv, merge('unused'))).toBe(false);
    expect(await dirties(db, mv, merge('a'))).toBe(true);
  });

  test.each([
    ['first', 'with x as (update $T set unused = 5 where id = 1 returning id) update $T set a = 5 where id = 2'],
    ['second', 'with x as (update $T set a = 6 where id = 1 returning id) update $T set unused = 5 where id = 2'],
    [
      'in the middle',
      `with x as (update $T set unused = 7 where id = 1 returning id), y as (update $T set a = 7 where id = 2 returning id)
       update $T set unused = 8 where id = 3`,
    ],
  ])('in WITH beside another UPDATE of the same table is noticed: the used column comes %s', async (_where, sql) => {
    const t = await table();
    const mv = await viewOver(`select a from ${t}`);
    await db.query(`insert into ${t} (id) values (3)`);
    expect(await dirties(db, mv, sql.replaceAll('$T', t))).toBe(true);
  });

  test('by a foreign key is noticed, also in the table that the statement itself updates', async () => {
    await db.query(
      'create table tree (id integer primary key, parent integer references tree on update cascade, n integer)',
    );
    await db.query('insert into tree values (1, null, 1), (2, 1, 2)');
    const mv = await viewOver('select parent from tree');
    expect(await dirties(db, mv, 'update tree set n = 9')).toBe(false);
    expect(await dirties(db, mv, 'update tree set id = 10 where id = 1')).toBe(true);
    expect(await db.query('select parent from tree where id = 2')).toEqual([{ parent: 10 }]);

    await db.query('create table person (id integer primary key)');
    await db.query(`create table letter (writer integer references person on update cascade,
      reader integer references person on update cascade)`);
    await db.query('insert into person values (1)');
    await db.query('insert into letter values (1, 1)');
    const [writers, readers] = [
      await viewOver('select writer from letter'),
      await viewOver('select reader from letter'),
    ];
    expect(await dirties(db, writers, 'update person set id = id + 1')).toBe(true);
    expect(await dirties(db, readers, 'update person set id = id + 1')).toBe(true);
  });

  test('matters not at all to a view that only counts rows', async () => {
    const t = await table();
    const mv = await viewOver(`select count(*) from ${t}`);
    expect(await watchesOf(db, mv)).toEqual([`DELETE public.${t}`, `INSERT public.${t}`, `TRUNCATE public.${t}`]);
    expect(await dirties(db, mv, `update ${t} set a = 4, b = 4, id = id + 20`)).toBe(false);
    expect(await dirties(db, mv, `delete from ${t} where a = 4`)).toBe(true);
  });
});

describe('all columns are watched, and the watch says why', () => {
  test.each([
    ['a whole row', 'select row_to_json($T) as row, a from $T'],
    ['a whole row compared', 'select a from $T where $T is not null'],
    ['a whole row of a sub-select', 'select x::text as row, a from (select * from $T) x'],
    ['a system column', 'select a, xmin::text as version from $T'],
  ])('where the query uses %s', async (_what, query) => {
    const t = await table();
    const mv = await viewOver(query.replaceAll('$T', t));
    expect(await whyOf(db, mv, `public.${t}`)).toBe('the query uses a whole row, or a system column');
    expect(await dirties(db, mv, `update ${t} set unused = 1`)).toBe(true);
  });

  test('where a used column is generated', async () => {
    const t = await table(', twice integer generated always as (a * 2) stored');
    const mv = await viewOver(`select twice from ${t}`);
    expect(await whyOf(db, mv, `public.${t}`)).toBe('column twice is generated from others');
    expect(await dirties(db, mv, `update ${t} set a = 5`)).toBe(true);
    const other = await viewOver(`select b from ${t}`);
    expect(await whyOf(db, other, `public.${t}`)).toBeNull();
    expect(await dirties(db, other, `update ${t} set a = 6`)).toBe(false);
  });

  test('where a BEFORE trigger may change what the statement does not name, also one that comes later', async () => {
    const t = await table();
    const mv = await viewOver(`select b from ${t}`);
    expect(await dirties(db, mv, `update ${t} set a = 5`)).toBe(false);
    await db.query(
      `create function copy_to_b() returns trigger language plpgsql as 'begin new.b := new.a; return new; end'`,
    );
    await db.query(`create trigger copies before update on ${t} for each row execute function copy_to_b()`);
    const problem = () =>
      db.query("select evidence from pgauto_mv.get_mv_problems() where code = 'source_not_watched'");
    expect(await problem()).toEqual([{ evidence: `reads public.${t}, which it does not watch enough` }]);
    await db.query(`update ${t} set a = 6`);
    expect(await repairAll(db)).toBeGreaterThan(0);
    expect(await problem()).toEqual([]);
    expect((await db.query('select dirty from pgauto_mv.freshness where id = $1', [mv]))[0]).toEqual({ dirty: true });
    expect(await dirties(db, mv, `update ${t} set a = 7`)).toBe(true);
    const other = await viewOver(`select b + 1 from ${t}`);
    expect(await whyOf(db, other, `public.${t}`)).toBe(
      `trigger copies of public.${t} may change more columns than an UPDATE names`,
    );
  });
});

test('a watch is shared by the views that need just that, and by no other', async () => {
  const t = await table();
  const views = [
    await viewOver(`select a from ${t}`),
    await viewOver(`select sum(a) from ${t}`),
    await viewOver(`select a, b from ${t}`),
  ];
  const watches = await db.query<{ n: number }>(
    "select count(distinct watch_id)::int as n from pgauto_mv.watches where relation = $1 and operation = 'UPDATE'",
    [`public.${t}`],
  );
  expect(watches).toEqual([{ n: 2 }]);
  await db.query(`update ${t} set b = 9`);
  const noticed: string[][] = [];
  for (const mv of views) noticed.push(await changesOf(db, mv));
  expect(noticed).toEqual([[], [], ['UPDATE']]);
});

test('columns through a plain view, a sub-select, WITH and a function with a body of the SQL standard', async () => {
  const t = await table();
  await db.query(`create view plain${t} as select a as renamed from ${t}`);
  const queries = [
    `select renamed from plain${t}`,
    `select (select max(a) from ${t}) as n`,
    `with x as (select a from ${t}) select sum(a) from x`,
    `select x.n from (values (1)) i(i), lateral (select a + i as n from ${t}) x`,
  ];
  for (const query of queries) {
    expect(await watchesOf(db, await viewOver(query)), query).toContain(`UPDATE(a) public.${t}, each row`);
  }
  await db.query(`create function total${t}() returns bigint stable begin atomic select sum(a) from ${t}; end`);
  await db.query(`create function twice${t}() returns bigint stable return 2 * total${t}()`);
  const mv = await viewOver(`select twice${t}()`);
  expect(await watchesOf(db, mv)).toContain(`UPDATE(a) public.${t}, each row`);
  expect(await db.query('select from pgauto_mv.unwatched where mv_id = $1', [mv])).toEqual([]);
  expect(await dirties(db, mv, `update ${t} set unused = 1`)).toBe(false);
  expect(await dirties(db, mv, `update ${t} set a = 9`)).toBe(true);
});

test('a column keeps being watched when it, or its table, gets another name', async () => {
  const t = await table();
  const mv = await viewOver(`select a from ${t}`);
  await db.query(`alter table ${t} rename column a to renamed`);
  await db.query(`alter table ${t} rename to ${t}_renamed`);
  expect(await dirties(db, mv, `update ${t}_renamed set renamed = 9`)).toBe(true);
  expect(await dirties(db, mv, `update ${t}_renamed set unused = 9`)).toBe(false);
});
