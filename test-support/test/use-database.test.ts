import { lane, until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase({ template: 'empty' });

test('a file has a database of its own, reached through the login of the lane', async () => {
  const rows = await db.query<{ name: string; super: boolean }>(
    'select current_database() as name, rolsuper as super from pg_roles where rolname = current_user',
  );
  expect(rows[0]?.name).toBe(db.name);
  if (lane() === 'nosuperuser') expect(rows[0]?.super).toBe(false);
});

test('a session can be left waiting for a lock', async () => {
  await db.query('create table counter as select 1 as n');
  const [first, second] = await Promise.all([db.session('first'), db.session('second')]);
  await first.query('begin');
  await first.query('update counter set n = n + 1');
  const update = second.start('update counter set n = n + 1');
  await second.untilBlocked();
  await first.query('commit');
  await update;
  expect(await db.query('select n from counter')).toEqual([{ n: 3 }]);
});

test('an error of a statement left running is kept until it is awaited', async () => {
  const session = await db.session('failing');
  const failing = session.start('select 1/0');
  await db.query('select 1');
  await expect(failing).rejects.toMatchObject({ code: '22012' });
});

test('until names what it waited for', async () => {
  await expect(until(async () => false, 'pigs fly', 50)).rejects.toThrow('until pigs fly');
});

test('a role made for a test may log in, is what it was made a member of, and may leave things behind', async () => {
  const login = await db.login('pgrelay_viewer');
  await db.query(`grant create on database ${db.name} to ${login.user}`);
  const client = await db.connect(login);
  await client.query('create schema left_behind');
  const { rows } = await client.query("select current_user as name, pg_has_role('pgrelay_viewer', 'member') as viewer");
  expect(rows).toEqual([{ name: login.user, viewer: true }]);
});
