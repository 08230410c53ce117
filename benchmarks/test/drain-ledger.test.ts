import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { PreparedLoop } from '../src/contenders/programs/prepared-loop.js';
import { sqlFile } from '../src/harness/sql-files.js';

const db = useDatabase();
const ledger = async () => (await db.query(sqlFile('drain/pgrelay/ledger.sql')))[0];

beforeAll(async () => {
  await db.query(sqlFile('drain/effects.sql'));
  await db.query(sqlFile('drain/pgrelay/grants.sql'));
  await db.query(sqlFile('drain/pgrelay/register.sql'), [sqlFile('drain/pgrelay/one-row.sql'), null, false]);
});

test('the ledger counts what waits, what ran, its effects, and what ran twice', async () => {
  await db.query(sqlFile('drain/pgrelay/load.sql'), [1, 3]);
  expect(await ledger()).toEqual({ effects: 0, audited: 0, repeated: 0, remaining: 3 });
  await db.query(sqlFile('drain/pgrelay/go.sql'), ['4']);
  await db.query('call pgrelay.run()');
  expect(await ledger()).toEqual({ effects: 4, audited: 4, repeated: 0, remaining: 0 });
  await db.query('insert into bench.effect (n) values (2)');
  expect(await ledger()).toEqual({ effects: 5, audited: 4, repeated: 1, remaining: 0 });
  expect(await db.query(sqlFile('drain/pgrelay/pending.sql'))).toEqual([{ pending: false }]);
});

test('the clients of the enqueue benchmark run whole transactions, with their parameter, until their time is over', async () => {
  const texts = ['begin', 'insert into bench.effect (n) values ($1::bigint + 900)', 'select 1', 'commit'];
  const loop = await PreparedLoop.open(db.url, texts, '99');
  const first = await loop.run(performance.now() + 50);
  const second = await loop.run(performance.now() + 50);
  await loop.end();
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(0);
  const rows = await db.query('select count(*)::integer as value from bench.effect where n = 999');
  expect(rows).toEqual([{ value: first + second }]);
});

test('… and stop at the first error of the server', async () => {
  const loop = await PreparedLoop.open(db.url, ['select 1 / $1::integer'], '0');
  await expect(loop.run(performance.now() + 60_000)).rejects.toThrow('division by zero');
  await loop.end();
  await expect(PreparedLoop.open(db.url, ['select nothing_there'], '')).rejects.toThrow('does not exist');
});
