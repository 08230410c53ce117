import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { declareChannel, isDirty, refresh } from './support/refresh.js';
import { dirties, registerDerived, repairAll, watchesOf } from './support/watches.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let families = 0;

/** A partitioned table: two leaves, one of them with its columns in another order, and a partition with a leaf below. */
async function family(): Promise<string> {
  const p = `p${++families}`;
  await db.query(`create table ${p} (id integer, k integer, n integer, unused integer) partition by list (k)`);
  await db.query(`create table ${p}_0 (unused integer, n integer, k integer, id integer)`);
  await db.query(`alter table ${p} attach partition ${p}_0 for values in (0)`);
  await db.query(`create table ${p}_1 partition of ${p} for values in (1)`);
  await db.query(`create table ${p}_2 partition of ${p} for values in (2) partition by list (k)`);
  await db.query(`create table ${p}_2_2 partition of ${p}_2 for values in (2)`);
  await db.query(`insert into ${p} select g, g % 3, g, g from generate_series(0, 8) g`);
  return p;
}

async function viewOver(query: string): Promise<string> {
  await db.query(`create materialized view v${++families} as ${query}`);
  return registerDerived(db, `v${families}`);
}

describe('of a partitioned table', () => {
  test('parent and every leaf are watched, and by column', async () => {
    const p = await family();
    const mv = await viewOver(`select n from ${p}`);
    const members = ['', '_0', '_1', '_2', '_2_2'].map((end) => `public.${p}${end}`);
    expect(await watchesOf(db, mv)).toEqual([
      `DELETE public.${p}, each row`,
      ...members.map((name) => `INSERT ${name}`),
      ...members.map((name) => `TRUNCATE ${name}`),
      `UPDATE(n) public.${p}, each row`,
    ]);
    for (const name of members) {
      const k = name.endsWith('_0') ? 0 : name.endsWith('_1') ? 1 : 2;
      expect(await dirties(db, mv, `insert into ${name} (id, k) values (99, ${k})`), name).toBe(true);
      expect(await dirties(db, mv, `update ${name} set unused = 1`), name).toBe(false);
      expect(await dirties(db, mv, `update ${name} set n = 1`), name).toBe(true);
      expect(await dirties(db, mv, `delete from ${name} where id = 99`), name).toBe(true);
      expect(await dirties(db, mv, `truncate ${name}`), name).toBe(true);
    }
  });

  test('a row that moves to another partition is noticed with what the same statement changed in it', async () => {
    const p = await family();
    const mv = await viewOver(`select n from ${p}`);
    expect(await dirties(db, mv, `update ${p} set k = 1, n = 77 where k = 0`)).toBe(true);
    expect(await db.query(`select count(*)::int as n from ${p}_1 where n = 77`)).toEqual([{ n: 3 }]);
  });

  test('a partition made or attached later is watched at once for UPDATE and DELETE, and by repair for the rest', async () => {
    const p = await family();
    const mv = await viewOver(`select sum(n) from ${p}`);
    await db.query(`create table ${p}_3 partition of ${p} for values in (3)`);
    await db.query(`create table ${p}_4 (like ${p})`);
    await db.query(`insert into ${p}_4 values (4, 4, 4, 4)`);
    await refresh(await db.connect(), mv);
    await db.query(`alter table ${p} attach partition ${p}_4 for values in (4)`);
    expect(await isDirty(db, mv)).toBe(false); // no trigger fires for it
    expect(await repairAll(db)).toBeGreaterThan(0);
    expect(await isDirty(db, mv)).toBe(true);
    for (const name of [`${p}_3`, `${p}_4`]) {
      const k = name.slice(-1);
      expect(await dirties(db, mv, `insert into ${name} (id, k, n) values (99, ${k}, 1)`), name).toBe(true);
      expect(await dirties(db, mv, `update ${name} set n = 2`), name).toBe(true);
      expect(await dirties(db, mv, `truncate ${name}`), name).toBe(true);
    }
    expect(await repairAll(db)).toBe(0);
  });

  test.each(['sum(n)', 'count(*)'])(
    'one that is detached, or dropped, makes the view dirty and leaves no problem: %s',
    async (value) => {
      const p = await family();
      const mv = await viewOver(`select ${value} as v from ${p}`);
      const client = await db.connect();
      for (const [ddl, object] of [
        [`alter table ${p} detach partition ${p}_0`, `public.${p}_0`],
        [`drop table ${p}_1`, `public.${p}_1`],
      ] as const) {
        await refresh(client, mv);
        await repairAll(db);
        expect(await isDirty(db, mv)).toBe(false);
        await db.query(ddl);
        await repairAll(db);
        expect(await isDirty(db, mv), ddl).toBe(true);
        expect(await db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [object])).toEqual([]);
      }
      await refresh(client, mv);
      const [total] = await db.query<{ right: boolean }>(
        `select v.v = (select ${value} from ${p}) as right from v${families} v`,
      );
      expect(total).toEqual({ right: true });
    },
  );

  test('a trigger that PostgreSQL copied to a leaf and somebody switched off there is a problem, and makes the view dirty', async () => {
    const p = await family();
    const mv = await viewOver(`select sum(n) from ${p}`);
    await refresh(await db.connect(), mv);
    const [copy] = await db.query<{ name: string }>(
      'select tgname as name from pg_trigger where tgrelid = $1::regclass and tgparentid <> 0 and tgtype & 16 = 16',
      [`${p}_0`],
    );
    await db.query(`alter table ${p}_0 disable trigger ${copy?.name}`);
    await db.query(`update ${p} set n = 50 where k = 0`);
    expect(await isDirty(db, mv)).toBe(false); // nobody could know
    expect(await db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [`public.${p}_0`])).toEqual(
      [{ code: 'trigger_disabled' }],
    );
    expect([await repairAll(db), await isDirty(db, mv)]).toEqual([1, true]);
  });

  test('the published form, too, gets the partitions that come later', async () => {
    const p = await family();
    await db.query(`create materialized view m${p} as select count(*) from ${p}`);
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('m${p}', 'public', array[pgauto_mv.mv_watch('${p}', 'INSERT')]) as id`,
    );
    const mv = row?.id ?? '';
    expect(await watchesOf(db, mv)).toHaveLength(5);
    await db.query(`create table ${p}_3 partition of ${p} for values in (3)`);
    await repairAll(db);
    expect(await watchesOf(db, mv)).toContain(`INSERT public.${p}_3`);
    expect(await dirties(db, mv, `insert into ${p}_3 (k) values (3)`)).toBe(true);
    expect(await dirties(db, mv, `delete from ${p}_3`)).toBe(false);
  });
});

describe('a view over one partition alone', () => {
  test('notices what is written through the parent, and nothing of other partitions', async () => {
    const p = await family();
    const mv = await viewOver(`select sum(n) from ${p}_0`);
    expect(await watchesOf(db, mv)).toEqual([
      `DELETE public.${p}_0, each row`,
      `INSERT public.${p}_0, each row`,
      `TRUNCATE public.${p}_0`,
      `UPDATE(n) public.${p}_0, each row`,
    ]);
    const writes: readonly [string, boolean][] = [
      [`insert into ${p} (k, n) values (0, 1)`, true],
      [`insert into ${p} (k, n) values (1, 1)`, false],
      [`update ${p} set n = 5 where k = 0`, true],
      [`update ${p} set n = 5 where k = 1`, false],
      [`update ${p} set unused = 5`, false],
      [`update ${p} set k = 0 where k = 1`, true],
      [`update ${p} set k = 1 where k = 0 and id < 3`, true],
      [`delete from ${p} where k = 1`, false],
      [`delete from ${p} where k = 0`, true],
      [`truncate ${p}`, true],
      [`insert into ${p}_0 (k, n) select 0, g from generate_series(1, 1000) g`, true],
    ];
    for (const [sql, expected] of writes) expect(await dirties(db, mv, sql), sql).toBe(expected);
  });

  test('and for UPDATE alone: a row that is moved away is noticed', async () => {
    const p = await family();
    await db.query(`create materialized view m${p} as select count(*) from ${p}_0`);
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('m${p}', 'public', array[pgauto_mv.mv_watch('${p}_0', 'UPDATE')]) as id`,
    );
    expect(await dirties(db, row?.id ?? '', `update ${p} set k = 1 where k = 0`)).toBe(true);
    expect(await dirties(db, row?.id ?? '', `insert into ${p} (k) values (0)`)).toBe(false);
  });

  test('that has partitions itself', async () => {
    const p = await family();
    const mv = await viewOver(`select sum(n) from ${p}_2`);
    expect(await dirties(db, mv, `insert into ${p} (k, n) values (2, 1)`)).toBe(true);
    expect(await dirties(db, mv, `update ${p} set n = 5 where k = 2`)).toBe(true);
    expect(await dirties(db, mv, `delete from ${p} where k = 2`)).toBe(true);
    expect(await dirties(db, mv, `insert into ${p} (k, n) values (1, 1)`)).toBe(false);
  });
});

describe('inheritance', () => {
  test('children are watched by the names of the columns; a child alone notices what is written through its parent', async () => {
    await db.query('create table animal (id integer, n integer, unused integer)');
    await db.query('create table dog (extra text, unused integer, n integer, id integer)');
    await db.query('alter table dog inherit animal');
    await db.query('insert into animal values (1, 1, 1)');
    await db.query('insert into dog (id, n) values (2, 2)');
    const [all, dogs] = [await viewOver('select n from animal'), await viewOver('select n from dog')];
    for (const table of ['animal', 'dog']) {
      expect(await dirties(db, all, `update ${table} set unused = 5`), table).toBe(false);
      expect(await dirties(db, all, `update ${table} set n = n + 1`), table).toBe(true);
      expect(await dirties(db, dogs, `update ${table} set unused = 5`), table).toBe(false);
      expect(await dirties(db, dogs, `update ${table} set n = n + 1`), table).toBe(true);
    }
    expect(await dirties(db, dogs, 'delete from animal')).toBe(true);
    expect(await dirties(db, dogs, 'insert into animal values (3, 3, 3)')).toBe(false);
    expect(await dirties(db, dogs, 'truncate animal')).toBe(true);
  });
});
