import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { Checker } from '../dist/mv-soak/checker.js';
import { Counts } from '../dist/mv-soak/counts.js';
import { soakResult, type Totals, tell } from '../dist/mv-soak/result.js';
import { runSoak } from '../dist/mv-soak/run-soak.js';
import { watchLocks } from '../dist/mv-soak/watch-locks.js';
import { runFolder, sqlFile } from '../src/harness/sql-files.js';

// The short one: `npm run soak:mv` takes minutes and needs 1,000 checks. PGRELAY_SOAK_SEED takes the same turns again.
const seed = Number(process.env['PGRELAY_SOAK_SEED'] ?? 1 + (Date.now() % 1_000_000));
const SECONDS = 12;
const LEAST = { checks: 60, inside: 3, kills: 1 };

describe('thirty views over twelve tables', () => {
  const db = useDatabase();

  test('are what their queries say whenever nothing is unserved, beside writers of every kind, DDL, and Processors that are killed', async () => {
    const result = await runSoak({ url: db.url, seconds: SECONDS, seed, least: LEAST, say: () => undefined });
    console.log(tell(result).join('\n'));
    expect(result.failures, `PGRELAY_SOAK_SEED=${seed}`).toEqual([]);
  });
});

describe('the checks of the soak', () => {
  const db = useDatabase();
  let view = '';

  beforeAll(async () => {
    const client = await db.connect();
    await runFolder(client, 'mv-soak/setup');
    await client.query('select soak.fill()');
    await db.query("select pgauto_mv.register_mv('soak.v01'::regclass, p_cooldown => 0)");
    view = (await db.query<{ id: string }>(sqlFile('mv-soak/views.sql')))[0]?.id ?? '';
  });

  const check = async (): Promise<Counts> => {
    const counts = new Counts();
    await new Checker(await db.connect(), await db.connect(), counts).check(view);
    return counts;
  };

  /** Refreshes as the Processor does; `meanwhile` runs after the REFRESH. */
  async function refresh(meanwhile = 'select 1'): Promise<void> {
    const client = await db.connect();
    const { rows } = await client.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', '9000000000000000000', '1 h')",
      [view],
    );
    await client.query('begin isolation level repeatable read');
    await client.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [view, rows[0]?.epoch]);
    await client.query('refresh materialized view concurrently soak.v01');
    await client.query(meanwhile);
    await client.query("select pgauto_mv.finish_refresh_v1($1, $2, 'now', 'concurrently', null)", [
      view,
      rows[0]?.epoch,
    ]);
    await client.query('commit');
    await client.end();
  }

  const inside = async (): Promise<Totals> =>
    (await db.query<Totals & Record<string, unknown>>(sqlFile('mv-soak/totals.sql')))[0] as Totals;

  test('compare nothing while a change is unserved, and find a view that differs when nothing is', async () => {
    expect(await check()).toMatchObject({ checks: 0, unserved: 1, failures: [] });
    await refresh();
    expect(await check()).toMatchObject({ checks: 1, unserved: 0, failures: [] });
    await db.query("select soak.change('insert', 't1', 0, 0)");
    expect(await check()).toMatchObject({ checks: 0, unserved: 1, failures: [] });
    // The change is forgotten: what a lost update would leave behind.
    await db.query('set role pgrelay_owner; delete from pgauto_mv.change; reset role');
    const { checks, failures } = await check();
    expect(checks).toBe(1);
    expect(failures).toEqual([expect.stringMatching(/^v01 differs from its query in 2 rows, nothing being unserved/)]);
    await refresh();
    expect(await check()).toMatchObject({ checks: 1, failures: [] });
  });

  test('look into every tenth refresh before it commits', async () => {
    const before = await inside();
    for (let n = 0; n < 10; n += 1) await refresh();
    const after = await inside();
    expect(after.inside - before.inside).toBe(1);
    expect(after.wrong).toEqual([]);
    for (let n = 0; n < 10; n += 1) await refresh("select soak.change('insert', 't1', 0, 0)"); // after the REFRESH: contents lack it
    expect((await inside()).wrong).toEqual(['v01 differs from its query in 2 rows, inside its refresh']);
  });

  test('see two sessions that hold and await the lock of a REFRESH on one view', async () => {
    const counts = new Counts();
    const look = async () => {
      const stop = new AbortController();
      const looking = watchLocks(await db.connect(), counts, stop.signal);
      stop.abort();
      await looking;
    };
    const [first, second] = [await db.session('first'), await db.session('second')];
    await first.query('begin');
    await first.query('refresh materialized view concurrently soak.v01');
    await look();
    expect(counts).toMatchObject({ refreshing: 1, failures: [] });
    const waiting = second.start('refresh materialized view soak.v01');
    await second.untilBlocked();
    await look();
    expect(counts.failures).toEqual(['v01 was refreshed by two sessions at once']);
    await first.query('rollback');
    await waiting;
  });
});

describe('the result of the soak', () => {
  const totals: Totals = {
    inside: 20,
    wrong: [],
    refreshes: 200,
    asked: 3,
    failed: 1,
    skipped: 2,
    verified: 9,
    incidents: [],
  };
  const counted = (change: Partial<Counts> = {}): Counts =>
    Object.assign(
      new Counts(),
      {
        checks: 980,
        committed: 9,
        rolledBack: 9,
        twoPhaseCommitted: 9,
        savepoints: 9,
        long: 9,
        asked: 9,
        ddl: 9,
        kills: 3,
      },
      { looks: 9, refreshing: 9 },
      change,
    );
  const least = { checks: 1_000, inside: 20, kills: 3 };

  test('has its checks and failures in the first line', () => {
    const result = soakResult(7, 150, counted(), totals, least);
    expect(result.failures).toEqual([]);
    expect(tell(result)[0]).toBe('1000 checks, 0 failures; seed 7, 150 s.');
    expect(tell(result).at(-1)).toBe('All checks passed.');
  });

  test('is a failure with too few checks, whatever they found', () => {
    const result = soakResult(7, 150, counted({ checks: 979 }), totals, least);
    expect(result.failures).toEqual(['checks: 999, and at least 1000 are needed to show anything']);
  });

  test('has what was found outside of refreshes and inside', () => {
    const result = soakResult(7, 150, counted({ failures: ['a', 'a', 'b'] }), { ...totals, wrong: ['c'] }, least);
    expect(result.failures).toEqual(['a', 'b', 'c']);
  });

  test('has the incidents that auto-mv made by itself, and is a failure when it verified nothing', () => {
    expect(soakResult(7, 150, counted(), { ...totals, incidents: ['d'] }, least).failures).toEqual(['d']);
    expect(soakResult(7, 150, counted(), { ...totals, verified: 0 }, least).failures).toHaveLength(1);
  });

  test.each(['rolledBack', 'twoPhaseCommitted', 'savepoints', 'long', 'asked', 'ddl', 'kills', 'refreshing'] as const)(
    'is a failure without %s',
    (what) => {
      expect(soakResult(7, 150, counted({ [what]: 0 }), totals, least).failures).toHaveLength(1);
    },
  );
});
