import { type Session, type TestDatabase, until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { controlSums, group, groupRow, type Ledger, openLedger } from './support/groups.js';
import { refresh } from './support/refresh.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();

/** Every transaction changes the sum, so that two instants never have the same one. */
async function write(writer: Session, { entries }: Ledger): Promise<void> {
  const id = 1 + Math.floor(Math.random() * 100);
  await writer.query(`update ${entries} set n = n + 1 + id % 5 where id = $1`, [id]);
}

const shuffled = <T>(values: readonly T[]): T[] =>
  values
    .map((value) => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);

/** One REPEATABLE READ transaction that reads every view, in any order; the sums it saw. */
async function read(reader: Session, ledger: Ledger): Promise<number[]> {
  await reader.query('begin isolation level repeatable read');
  const sums: number[] = [];
  for (const sql of shuffled(controlSums(ledger))) sums.push((await reader.query<{ n: number }>(sql))[0]?.n ?? -1);
  await reader.query('commit');
  return sums;
}

/** Readers, writers and refreshes, until there are so many reads, and ten refreshes; what was seen. */
async function race(
  database: TestDatabase,
  ledger: Ledger,
  reads: number,
): Promise<{ mixed: number[][]; instants: number; done: number; failed: (string | undefined)[] }> {
  const mixed: number[][] = [];
  const instants = new Set<number>();
  const failed: (string | undefined)[] = [];
  let left = reads;
  let done = 0;
  const going = () => left > 0 || done < 10;
  const during = async (name: string, act: (session: Session) => Promise<void>) => {
    const session = await database.session(name);
    while (going()) await act(session);
  };
  const refreshing = async () => {
    const client = await database.connect();
    while (going()) {
      const result = await refresh(client, ledger.ids[0] ?? '');
      if (result.kind === 'done') done += 1;
      else failed.push(result.kind === 'failed' ? result.sqlstate : result.kind);
    }
    await client.end();
  };
  const reading = async (reader: Session) => {
    const sums = await read(reader, ledger);
    if (new Set(sums).size > 1) mixed.push(sums);
    instants.add(sums[0] ?? -1);
    left -= 1;
  };
  await Promise.all([
    refreshing(),
    during('writer 1', (writer) => write(writer, ledger)),
    during('writer 2', (writer) => write(writer, ledger)),
    during('reader 1', reading),
    during('reader 2', reading),
  ]);
  return { mixed, instants: instants.size, done, failed };
}

describe.each([
  ['CONCURRENTLY', true, 'concurrently'],
  ['plainly', false, 'plain'],
] as const)('a diamond and a view beside it, refreshed %s while others write', (_, indexed, mode) => {
  test('have equal sums in each of 1,000 transactions that read them', async () => {
    const ledger = await openLedger(db, indexed);
    await group(db, `ledger ${mode}`, ledger.views);
    const client = await db.connect();
    expect(await refresh(client, ledger.ids[0] ?? '')).toMatchObject({ kind: 'done', mode });
    const { mixed, instants, done, failed } = await race(db, ledger, 1_000);
    expect(mixed).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(10);
    expect(instants).toBeGreaterThan(2);
    expect(failed.filter((sqlstate) => mode !== 'plain' || sqlstate !== '55P03')).toEqual([]);
    expect((await groupRow(db, `ledger ${mode}`))['mode']).toBe(mode);
    expect(
      await db.query('select distinct mode from pgauto_mv.log where outcome = $1 and group_name = $2', [
        'done',
        `ledger ${mode}`,
      ]),
    ).toEqual([{ mode }]);
  });

  test('show what the base tables held at the instant of the refresh, and only that', async () => {
    const ledger = await openLedger(db, indexed);
    await group(db, `instant ${mode}`, ledger.views);
    const client = await db.connect();
    const writer = await db.session('writer');
    for (let round = 0; round < 20; round++) {
      await write(writer, ledger);
      const [before] = await db.query<{ n: number }>(`select sum(n)::float8 as n from ${ledger.entries}`);
      expect(await refresh(client, ledger.ids[round % 4] ?? '')).toMatchObject({ kind: 'done' });
      expect(await read(writer, ledger)).toEqual(Array(4).fill(before?.n));
    }
    const [state] = await db.query<{ instants: number; snaps: number; dirty: boolean }>(
      `select count(distinct f.as_of)::int as instants, count(distinct s.snap::text)::int as snaps, bool_or(f.dirty) as dirty
       from pgauto_mv.freshness f join pgauto_mv.state s on s.mv_id = f.id where f.id = any ($1)`,
      [ledger.ids],
    );
    expect(state).toEqual({ instants: 1, snaps: 1, dirty: false });
  });
});

describe.each([
  ['CONCURRENTLY', true, 'what it was'],
  ['plainly', false, 'what it is now'],
] as const)('to a reader whose snapshot is older than a refresh %s', (how, indexed, what) => {
  test(`every member is ${what}`, async () => {
    const ledger = await openLedger(db, indexed);
    await group(db, `older ${how}`, ledger.views);
    const client = await db.connect();
    await refresh(client, ledger.ids[0] ?? '');
    const sum = `select sum(n)::float8 as n from ${ledger.entries}`;
    const reader = await db.session('reader');
    await reader.query('begin isolation level repeatable read');
    const [old] = await reader.query<{ n: number }>(sum);
    await write(await db.session('writer'), ledger);
    expect(await refresh(client, ledger.ids[0] ?? '')).toMatchObject({ kind: 'done' });
    const [now] = await db.query<{ n: number }>(sum);
    const seen: unknown[] = [];
    for (const sql of controlSums(ledger)) seen.push(...(await reader.query(sql)));
    expect(seen).toEqual(Array(4).fill(indexed ? old : now));
    await reader.query('commit');
  });
});

/** Until somebody waits to refresh the view. */
const untilWaiting = (view: string) =>
  until(
    async () =>
      (
        await db.query(
          "select from pg_locks where relation = $1::regclass and mode = 'AccessExclusiveLock' and not granted",
          [view],
        )
      ).length > 0,
    `a refresh waits for ${view}`,
  );

describe('plainly, a reader is never between two members', () => {
  test('one who has read a member keeps the refresh away from all of them until he ends', async () => {
    const ledger = await openLedger(db, false);
    await group(db, 'kept away', ledger.views);
    const client = await db.connect();
    await refresh(client, ledger.ids[0] ?? '');
    const [sum] = await db.query<{ n: number }>(`select sum(n)::float8 as n from ${ledger.entries}`);
    const reader = await db.session('reader');
    await reader.query('begin isolation level repeatable read');
    const [first, ...others] = controlSums(ledger);
    expect(await reader.query(first ?? '')).toEqual([sum]);
    await write(await db.session('writer'), ledger);
    expect(await refresh(client, ledger.ids[0] ?? '')).toMatchObject({ kind: 'failed', sqlstate: '55P03' });
    for (const sql of others) expect(await reader.query(sql)).toEqual([sum]);
    await reader.query('commit');
    expect(await refresh(client, ledger.ids[0] ?? '')).toMatchObject({ kind: 'done' });
  });

  test('what he has read is asked for before anything is computed', async () => {
    const ledger = await openLedger(db, false);
    await db.query(`create sequence ${ledger.schema}.computed`);
    await db.query(
      `create materialized view ${ledger.schema}.counting as select nextval('${ledger.schema}.computed') as n with no data`,
    );
    await db.query(`select pgauto_mv.register_mv('counting', '${ledger.schema}', p_cooldown => 0)`);
    await db.query(`create materialized view ${ledger.schema}.later as select sum(n) as n from ${ledger.entries}`);
    const later = await registerDerived(db, `${ledger.schema}.later`, ', p_cooldown => 0');
    await group(db, 'asked first', [`${ledger.schema}.counting`, `${ledger.schema}.later`]);
    const client = await db.connect();
    await refresh(client, later);
    const reader = await db.session('reader');
    await reader.query('begin');
    for (const view of ['counting', 'later']) {
      await reader.query(`savepoint before_${view}`);
      await reader.query(`select from ${ledger.schema}.${view} limit 1`);
      expect(await refresh(client, later)).toMatchObject({ kind: 'failed', sqlstate: '55P03' });
      await reader.query(`rollback to before_${view}`);
    }
    expect(await db.query(`select last_value::int as n from ${ledger.schema}.computed`)).toEqual([{ n: 1 }]);
    await reader.query('commit');
    expect(await refresh(client, later)).toMatchObject({ kind: 'done' });
  });

  test('one who wants a member that the refresh has, and has one that it wants, is no victim of the deadlock', async () => {
    const ledger = await openLedger(db, false);
    await group(db, 'crossed', ledger.views);
    const client = await db.connect();
    await refresh(client, ledger.ids[0] ?? '');
    const [reader, holder] = [await db.session('reader'), await db.session('holder')];
    const [left, right, , flat] = controlSums(ledger);
    await reader.query('begin');
    await reader.query(flat ?? ''); // which the refresh locks after the other two
    await holder.query('begin');
    await holder.query(right ?? '');
    const refreshed = refresh(client, ledger.ids[0] ?? '');
    await untilWaiting(`${ledger.schema}.by_right`);
    const read = reader.start(left ?? ''); // waits for the refresh now, unless it is between two tries
    await Promise.race([reader.untilBlocked(), read]);
    await holder.query('commit'); // the refresh goes on to the view that the reader has
    await read;
    await reader.query('commit');
    await refreshed;
    expect(await refresh(client, ledger.ids[0] ?? '')).toMatchObject({ kind: 'done' });
  });
});
