import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const database = useDatabase();
const folder = fileURLToPath(new URL('../', import.meta.url));

/** Runs a built example as a user would, and returns what it printed. */
async function run(name: string): Promise<string[]> {
  const child = spawn(process.execPath, [path.join(folder, 'dist', `${name}.js`)], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(await database.query('select slot from pgrelay.processors')).toEqual([]);
  expect(await database.query('select * from pgrelay.failed')).toEqual([]);
  return output.trimEnd().split('\n');
}

const outcomes = (channel: string) =>
  database.query('select outcome, count(*)::int as events from pgrelay.log where channel = $1 group by 1', [channel]);

test('function-handler', async () => {
  expect(await run('function-handler')).toEqual(['Receipt: 3 × book', 'In stock: 7']);
  expect(await outcomes('order.placed')).toEqual([{ outcome: 'done', events: 1 }]);
  expect(await outcomes('receipt.send')).toEqual([{ outcome: 'done', events: 1 }]);
});

test('typed-channel', async () => {
  expect(await run('typed-channel')).toEqual([
    'Refused: lines[1].pieces',
    'Rows of the refused order: 0',
    'Ordered: 2 × book, 1 × pen',
  ]);
  expect(await outcomes('basket.ordered')).toEqual([{ outcome: 'done', events: 1 }]);
});

test('test-a-handler', async () => {
  expect(await run('test-a-handler')).toEqual([
    'By itself: done',
    'Without a user: failed, no_user',
    'First day: done, 0 mails',
    'Two weeks later: To bob',
  ]);
  expect(await database.query("select from pg_namespace where nspname = 'pgrelay_test'")).toEqual([]);
});

test('class-handler', async () => {
  expect(await run('class-handler')).toEqual(['To ada@example.com: Thank you! You paid 42 €.']);
  expect(await outcomes('receipt.send')).toEqual([{ outcome: 'done', events: 2 }]);
});

test('compose-a-processor', async () => {
  const hook = (n: number) => `Webhook ${n}: {"from":"cron","attempt":1}`;
  expect(await run('compose-a-processor')).toEqual([hook(1), hook(2), hook(3), 'Processor stopped.']);
  const runs = await database.query(
    "select outcome from pgrelay_cron.runs where job = 'heartbeat' and outcome = 'done'",
  );
  expect(runs.length).toBeGreaterThanOrEqual(3);
});

test('auto-mv', async () => {
  expect(await run('auto-mv')).toEqual([
    'Sold for 10, the view says 10.',
    'Sold for 20, the view says 30.',
    'Sold for 12, the view says 42.',
  ]);
});

test('self-firing', async () => {
  const lines = await run('self-firing');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['3', '2', '1', 'Lift-off']);
  const ends = "select outcome, count(*)::int as events from pgrelay.log where channel = 'countdown' group by 1";
  expect(await database.query(ends)).toEqual([{ outcome: 'done', events: 4 }]); // each once
});

test('sql-only, statement by statement, beside the binary', async () => {
  const bin = fileURLToPath(new URL('../../packages/pgrelay/bin/pgrelay.js', import.meta.url));
  const binary = spawn(process.execPath, [bin, 'start', '--log-level', 'silent'], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise((resolve) => binary.once('close', resolve));
  try {
    const client = await database.connect();
    const results: unknown[][] = [];
    for (const statement of statements(readFileSync(path.join(folder, 'sql-only.sql'), 'utf8'))) {
      results.push((await client.query(statement)).rows);
    }
    expect(results.at(-2)).toEqual([
      { customer: 'ada', total: 42 },
      { customer: 'grace', total: 7 },
    ]);
    expect(results.at(-1)).toEqual([{ channel: 'order.paid', outcome: 'done', count: '3' }]);
  } finally {
    binary.kill('SIGTERM');
  }
  expect(await ended).toBe(0);
});

test('each example is under 60 lines', () => {
  const files = [...readdirSync(path.join(folder, 'src')).map((file) => path.join('src', file)), 'sql-only.sql'];
  const long = files.filter((file) => readFileSync(path.join(folder, file), 'utf8').trimEnd().split('\n').length >= 60);
  expect(files.length).toBe(8);
  expect(long).toEqual([]);
});

/** Splits at semicolons that end a line outside of dollar quotes, as these files are written. */
function statements(sql: string): string[] {
  const parts = sql.replace(/--.*$/gm, '').split(/(\$\w*\$[\s\S]*?\$\w*\$)/);
  const whole = parts.map((part, index) => (index % 2 === 1 ? part : part.replace(/;\s*$/gm, ';\u0000'))).join('');
  return whole
    .split('\u0000')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
