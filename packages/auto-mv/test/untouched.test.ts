import { readFile } from 'node:fs/promises';
import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { registry } from './support/busy.js';
import { declareChannel, refresh } from './support/refresh.js';

const db = useDatabase();
const schema = `Größe " of 'things'`;
const quoted = `"Größe "" of 'things'"`;
const views = ['Summe €', ';drop'];

beforeAll(async () => {
  await declareChannel(db);
  await db.query(await readFile(new URL('./support/hostile-schema.sql', import.meta.url), 'utf8'));
});

/** Every object of the user's, one line each; `without` leaves auto-mv's triggers out. */
async function objects(without = false): Promise<string[]> {
  const sql = await readFile(new URL('./support/objects.sql', import.meta.url), 'utf8');
  return (await db.query<{ line: string }>(sql, [[schema], without])).map(({ line }) => line);
}

test('definition, oid, owner, grants and indexes of every user object are the same after register, 10 refreshes, alter and unregister', async () => {
  const before = await objects();
  expect(before.length).toBeGreaterThan(60);
  const empty = await registry(db);
  const client = await db.connect();

  const ids: string[] = [];
  for (const view of views) {
    const { rows } = await client.query('select pgauto_mv.register_mv($1::regclass, p_cooldown => 0) as id', [
      `${quoted}."${view}"`,
    ]);
    ids.push(rows[0].id);
  }
  expect(await objects(true)).toEqual(before);
  expect((await objects()).length).toBeGreaterThan(before.length); // the triggers, and nothing else

  for (let n = 1; n <= 10; n++) {
    await client.query(`insert into ${quoted}."select" values ($1, $2, $3)`, [n, n, `n${n}`]);
    await client.query(`insert into ${quoted}."child of select" ("from") values ($1)`, [n]);
    await client.query(`insert into ${quoted}.parts values ($1, 1)`, [n]);
    for (const id of ids) expect(await refresh(client, id, 'trigger', null)).toMatchObject({ kind: 'done' });
  }
  expect((await client.query(`select n::int, parts::int from ${quoted}.";drop"`)).rows).toEqual([{ n: 10, parts: 10 }]);
  expect(await objects(true)).toEqual(before);

  await client.query('select pgauto_mv.alter_mv($1, $2, array[pgauto_mv.mv_watch($3)], p_cooldown => 5)', [
    'Summe €',
    schema,
    `${quoted}."select"`,
  ]);
  await client.query('select pgauto_mv.pause_mv($1, $2)', ['Summe €', schema]);
  expect(await objects(true)).toEqual(before);

  await client.query('select pgauto_mv.unregister_mv($1, $2)', ['Summe €', schema]);
  await client.query('select pgauto_mv.unregister_mv($1::regclass)', [`${quoted}.";drop"`]);
  expect(await objects()).toEqual(before);
  expect(await registry(db)).toEqual(empty);
});
