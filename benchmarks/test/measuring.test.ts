import { useDatabase } from '@pgrelay/test-support';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { judge } from '../src/harness/bar.js';
import { Explained } from '../src/harness/explained.js';
import { WireCounter } from '../src/harness/wire-counter.js';
import { Starts } from '../src/scenarios/latency/starts.js';

const db = useDatabase({ template: 'empty' });

describe('WireCounter', () => {
  test('counts what each client runs, by its name, simple and prepared statements alike', async () => {
    const counter = await WireCounter.before(db.url);
    const [named, unnamed] = ['named', undefined].map((name) => {
      const options = name === undefined ? {} : { application_name: name };
      return new pg.Client({ connectionString: counter.url, ...options });
    }) as [pg.Client, pg.Client];
    try {
      await named.connect();
      await unnamed.connect();
      await named.query('select 1');
      await named.query('select $1::integer', [1]);
      for (let n = 0; n < 3; n += 1)
        await named.query({ name: 'kept', text: 'select $1::text', values: ['x'.repeat(9_000)] });
      await unnamed.query('select 2');
      expect(Object.fromEntries(counter.taken())).toEqual({ named: 5, unnamed: 1 });
      expect(counter.taken().size).toBe(0);
    } finally {
      await named.end();
      await unnamed.end();
      await counter.close();
    }
  });
});

describe('Explained', () => {
  test('executes a statement and gives the pages that it and what its functions run have read', async () => {
    const client = await db.connect();
    await client.query('create table rows (n integer); insert into rows select generate_series(1, 10000)');
    await client.query(`create function read_rows() returns bigint language plpgsql as $$ begin
      insert into rows values (0); return (select count(*) from rows); end $$`);
    const explained = new Explained(client);
    await explained.query('select read_rows()');
    const [cost] = explained.taken();
    const { rows } = await client.query(
      "select pg_relation_size('rows') / 8192 as pages, (select count(*) from rows) as n",
    );
    expect(Number(rows[0].n)).toBe(10_001);
    expect(cost?.pages).toBeGreaterThanOrEqual(Number(rows[0].pages));
    expect(cost?.ms).toBeGreaterThan(0);
    expect(explained.taken()).toEqual([]);
  });
});

describe('judge', () => {
  const bars = [
    { name: 'few', value: 1, most: 2 },
    { name: 'many', value: 3, least: 3 },
  ];

  test('is passed when every bar is met, and a quick run judges none', () => {
    expect(judge(bars, false).passed).toBe(true);
    expect(judge([{ name: 'few', value: 2.1, most: 2 }], false).passed).toBe(false);
    expect(judge([{ name: 'none', value: Number.NaN, most: 2 }], false).passed).toBe(false);
    expect(judge([{ name: 'few', value: 2.1, most: 2 }], true).passed).toBe(true);
  });
});

test('Starts gives each start once, by a clock that another process reads too', () => {
  const starts = new Starts();
  const before = Number(process.hrtime.bigint()) / 1_000;
  starts.note(7);
  const [[n, micros] = [0, 0]] = starts.taken();
  expect(n).toBe(7);
  expect(micros).toBeGreaterThanOrEqual(before);
  expect(starts.taken()).toEqual([]);
});
