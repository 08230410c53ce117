import { until, useDatabase } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { runMain, startMain } from './run-main.js';

const db = useDatabase({ template: 'empty' });
const small = () => ['--database', db.url, '--orders', '3000', '--json'];
const sessions = async () =>
  (
    await db.query<{ name: string }>(
      "select application_name as name from pg_stat_activity where datname = 'pgrelay_demo' and pid <> pg_backend_pid()",
    )
  ).map(({ name }) => name);

async function connectToDemo(): Promise<pg.Client> {
  const url = new URL(db.url);
  url.pathname = '/pgrelay_demo';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return client;
}
/** A statement in the demo's own database, on a connection that is gone afterwards. */
const inDemo = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> => {
  const client = await connectToDemo();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
};
const untilWriting = () => until(async () => (await sessions()).includes('demo writer 4'), 'the writers to write');

/** Makes the next refresh last until it is released: it waits for a lock that no writer needs. */
async function holdRefresh(): Promise<() => Promise<void>> {
  const client = await connectToDemo();
  await client.query('begin; analyze public.monthly_product_sales');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await until(
    async () =>
      (
        await db.query(
          "select from pg_stat_activity where query ~* '^call public.refresh' and $1 = any (pg_blocking_pids(pid))",
          [rows[0]?.pid],
        )
      ).length > 0,
    'the refresh to be held',
  );
  return () => client.end();
}

/** Until the demo's screen, which reads two things at a time, has read all it shows from now on. */
async function screenLooks(): Promise<void> {
  const began = new Set<string>();
  const [now] = await db.query<{ at: string }>('select clock_timestamp()::text as at');
  await until(async () => {
    const rows = await db.query<{ at: string }>(
      "select query_start::text as at from pg_stat_activity where datname = 'pgrelay_demo' and application_name = 'demo screen' and query_start > $1",
      [now?.at],
    );
    for (const row of rows) began.add(row.at);
    return began.size >= 4;
  }, 'the screen to look');
}

afterEach(async () => {
  await until(async () => (await sessions()).length === 0, 'every session of the demo to end');
});
afterAll(async () => {
  await db.query('drop database if exists pgrelay_demo with (force)');
});

describe('the demo', () => {
  test('ends with 0 when the view equals its query and every order had its event', async () => {
    const { child, ended } = startMain(small());
    await untilWriting();
    await until(
      async () => (await inDemo<{ n: number }>('select refreshes as n from demo.figures()'))[0]?.n,
      'a refresh during the run',
    );
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ pattern: 'relay', equal: true, missing: 0, surplus: 0, looksWithWaiting: 0 });
    expect(summary.figures.writes).toBeGreaterThan(0);
    expect(summary.figures.refreshes).toBeGreaterThan(0);
    expect(summary.receipts).toBe(summary.orders);
    expect(summary.ordersWithReceipt).toBe(summary.orders);
    expect(stderr).toMatch(/commits: +monthly_product_sales \| t/);
    expect(stderr).toMatch(/refreshed: +monthly_product_sales \| f/);
    expect(stderr).toContain('The view equals its query');
    expect(code).toBe(0);
  });

  test('--break drops a trigger, and the run ends with 1: the view differs', async () => {
    const { code, stdout, stderr } = await runMain([...small(), '--for', '3s', '--break']);
    expect(JSON.parse(stdout).equal).toBe(false);
    expect(stderr).toContain('THE VIEW DIFFERS');
    expect(code).toBe(1);
  });

  test('--pattern dirty-flag shows writers that wait for the refresh', async () => {
    const { child, ended } = startMain([...small(), '--pattern=dirty-flag']);
    await untilWriting();
    const release = await holdRefresh();
    await until(
      async () => (await inDemo<{ n: number }>('select demo.blocked_writers() as n'))[0]?.n,
      'writers to wait',
    );
    await screenLooks();
    await release();
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ pattern: 'dirty-flag', equal: true, orders: null });
    expect(summary.looksWithWaiting).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it as --for does', async (signal) => {
    const { child, ended } = startMain(small());
    await untilWriting();
    child.kill(signal);
    const { code, stdout } = await ended;
    expect(JSON.parse(stdout).equal).toBe(true);
    expect(code).toBe(0);
  });

  test('the writer ends when the demo is killed', async () => {
    const { child, ended } = startMain(small());
    await untilWriting();
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
  });

  test('a database of the same name that no demo made is left alone', async () => {
    await db.query('drop database if exists pgrelay_demo with (force)');
    await db.query('create database pgrelay_demo');
    const { code, stderr } = await runMain(small());
    expect(stderr).toContain('that no demo made');
    expect(code).toBe(1);
    await db.query('drop database pgrelay_demo');
  });
});

describe('options', () => {
  test.each([
    [['--for', 'soon'], 'Write a time such as'],
    [['--pattern', 'magic'], 'Allowed choices are relay, dirty-flag'],
    [['--rate', '0'], 'Write a whole number from 1 to 5000'],
    [['--database', 'here'], 'must look like postgres://'],
    [['--no-such'], 'unknown option'],
    [['more'], 'too many arguments'],
  ])('%j is refused with 2', async (args, message) => {
    const { code, stderr } = await runMain(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('--help tells the options', async () => {
    const { code, stdout } = await runMain(['--help']);
    expect(stdout).toContain('--pattern');
    expect(code).toBe(0);
  });
});
