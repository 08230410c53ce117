import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { runFolder, sqlFile } from '../src/harness/sql-files.js';
import { judgeFires } from '../src/scenarios/cron-fire/judge-fires.js';
import type { FireFigures } from '../src/scenarios/cron-fire/run-fires.js';
import { judgeTicks } from '../src/scenarios/cron-tick/judge-ticks.js';
import { mismatches, type TickFigures } from '../src/scenarios/cron-tick/run-ticks.js';

describe('on a database', () => {
  const db = useDatabase();

  test.each(['idle', 'spread', 'at once'])('the jobs of %s are scheduled', async (load) => {
    const client = await db.connect();
    await client.query('drop schema if exists bench cascade');
    await client.query('select pgrelay_cron.unschedule(name) from pgrelay_cron.jobs');
    await runFolder(client, 'cron-tick/setup');
    await client.query(sqlFile('cron-tick/schedule.sql'), [120, load, 60]);
    const { rows } = await client.query<{ jobs: number; soon: number; moments: number }>(
      "select count(*)::int as jobs, count(*) filter (where next_fire_at < now() + interval '11 minutes')::int as soon, count(distinct next_fire_at)::int as moments from pgrelay_cron.jobs",
    );
    expect(rows[0]).toMatchObject({ jobs: 120, soon: load === 'idle' ? 0 : 120 });
    if (load === 'spread') expect(rows[0]?.moments).toBeGreaterThan(60);
    else expect(rows[0]?.moments).toBe(1);
    const ledger = await client.query(sqlFile('cron-tick/ledger.sql'));
    expect(ledger.rows).toEqual([{ sent: 0, twice: 0, silent: 120, late: 0, missed: 0, jobs: 120 }]);
  });
});

const ledger = { sent: 0, twice: 0, silent: 0, late: 0, missed: 0, jobs: 10 };
const ticks: TickFigures = {
  load: 'idle',
  clock: 'pg_stat_statements',
  jobs: 10,
  ticks: [
    [1, 2],
    [3, 4],
  ],
  allSentMs: undefined,
  ledger,
  wrong: [],
};

test('a tick that is too slow does not pass, on average or at its p99', () => {
  expect(judgeTicks([ticks], { quick: false }).passed).toBe(true);
  expect(judgeTicks([{ ...ticks, ticks: [[1, 1, 1, 21]] }], { quick: false }).passed).toBe(false);
  expect(judgeTicks([{ ...ticks, ticks: [[21, 21]] }], { quick: false }).passed).toBe(false);
  expect(judgeTicks([{ ...ticks, ticks: [[21, 21]] }], { quick: true }).passed).toBe(true);
  expect(judgeTicks([{ ...ticks, wrong: ['a job is late'] }], { quick: true }).passed).toBe(false);
});

test('what is not as the measurement supposes is said', () => {
  expect(mismatches('idle', 10, ledger)).toEqual([]);
  expect(mismatches('spread', 10, { ...ledger, sent: 3 })).toEqual([]);
  expect(mismatches('at once', 10, { ...ledger, sent: 10 })).toEqual([]);
  expect(mismatches('idle', 10, { ...ledger, sent: 1 })).toHaveLength(1);
  expect(mismatches('spread', 10, ledger)).toHaveLength(1);
  expect(mismatches('at once', 11, { sent: 9, twice: 1, silent: 1, late: 1, missed: 1, jobs: 10 })).toHaveLength(6);
});

const fires: FireFigures = {
  jobs: 2,
  seconds: 2,
  kills: 1,
  ledger: { ran: 4, twice: 0, missing: 0, other: 0 },
  sent: [1, 2, 3, 4],
  started: [10, 20, 30, 900],
};

test('an occurrence that ran twice, is missing, or began too late does not pass', () => {
  const passed = (change: Partial<FireFigures>, quick = false) => judgeFires({ ...fires, ...change }, { quick }).passed;
  expect(passed({})).toBe(true);
  expect(passed({ started: [10, 20, 30, 1_100] })).toBe(false);
  expect(passed({ started: [110, 120, 130, 140] })).toBe(false);
  expect(passed({ started: [110, 120, 130, 1_400] }, true)).toBe(true);
  expect(passed({ ledger: { ran: 5, twice: 1, missing: 0, other: 0 } }, true)).toBe(false);
  expect(passed({ ledger: { ran: 3, twice: 0, missing: 1, other: 0 } }, true)).toBe(false);
});
