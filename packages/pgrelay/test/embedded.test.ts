import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { stopAbandoned } from '@pgrelay/embedded';
import { until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Binary, run } from './support/binary.js';

let folder = '';
const isRoot = process.getuid?.() === 0;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-bin-'));
  chmodSync(folder, 0o755);
});

afterAll(async () => {
  if (existsSync(path.join(folder, '.pgrelay'))) await stopAbandoned(path.join(folder, '.pgrelay'));
  rmSync(folder, { recursive: true, force: true });
});

async function started(cwd: string, args: readonly string[] = []): Promise<{ binary: Binary; url: string }> {
  const binary = new Binary(['start', ...args], { cwd });
  await binary.logged('Processor started');
  return { binary, url: /DATABASE_URL='(.+)'/.exec(binary.stderr)?.[1] ?? '' };
}

async function stop(binary: Binary): Promise<void> {
  binary.signal('SIGTERM');
  expect(await binary.ended).toBe(0);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('without DATABASE_URL it starts, migrates and stops its own PostgreSQL, and keeps the data', async () => {
  const first = await started(folder);
  expect(first.binary.stdout).toContain(`data in ${path.join(folder, '.pgrelay', 'data')}`);
  expect(first.binary.stdout).not.toContain(new URL(first.url).password);
  await query(first.url, 'create table kept (n int); grant insert on kept to pgrelay');
  await query(first.url, "select pgrelay.register_channel('keep', 'insert into kept values ($1::int)')");
  await query(first.url, "select pgrelay.notify('keep', '7')");
  await until(async () => (await query(first.url, 'select from kept')).length === 1, 'the event has run');

  const other = await run(['start', '--json'], { cwd: folder });
  expect(other.code).toBe(1);
  expect(JSON.parse(other.stderr)).toMatchObject({
    error: { code: 'EMBEDDED_ALREADY_RUNNING', hint: expect.stringContaining('DATABASE_URL') },
  });
  await stop(first.binary);
  await expect(query(first.url, 'select 1')).rejects.toThrow('ECONNREFUSED');

  const second = await started(folder);
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  await stop(second.binary);
});

test('after kill -9 the next start takes the server and the stale lock over', async () => {
  const first = await started(folder);
  await query(first.url, "select pgrelay.notify('keep', '8', now() + interval '1 hour')");
  first.binary.signal('SIGKILL');
  expect(await first.binary.ended).toBe('SIGKILL');
  const second = await started(folder);
  expect(second.binary.stdout).toContain('is used again');
  expect(await query(second.url, 'select channel, state from pgrelay.events')).toEqual([
    { channel: 'keep', state: 'delayed' },
  ]);
  await stop(second.binary);
});

test('a signal while the server starts ends it properly', async () => {
  const binary = new Binary(['start'], { cwd: folder });
  await until(async () => existsSync(path.join(folder, '.pgrelay', 'data', 'postmaster.pid')), 'the server starts');
  binary.signal('SIGTERM');
  expect(await binary.ended).toBe(0);
  expect(existsSync(path.join(folder, '.pgrelay', 'data', 'postmaster.pid'))).toBe(false);
});

test('a taken port and an unusable folder are clear messages', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const taken = await run(['migrate', '--port', port], { cwd: folder });
  server.close();
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr).toContain('error EMBEDDED_PORT_TAKEN');
  expect(taken.stderr).toContain(port);
  expect(taken.stderr).toContain('hint: Leave --port away');

  writeFileSync(path.join(folder, 'file'), '');
  const unusable = await run(['migrate', '--directory', path.join(folder, 'file')], { cwd: folder });
  expect(unusable.code).toBe(1);
  expect(unusable.stderr).toContain('error EMBEDDED_FOLDER_UNREADABLE');
});

test.runIf(isRoot)('as root below a folder that only root may enter', async () => {
  const closed = path.join(folder, 'closed');
  mkdirSync(path.join(closed, 'clone'), { recursive: true });
  chmodSync(closed, 0o700);
  const { code, stdout, stderr } = await run(['migrate'], { cwd: path.join(closed, 'clone') });
  expect({ code, stderr: stderr.includes('/var/tmp') }).toEqual({ code: 0, stderr: true });
  expect(stdout).toContain('migrations applied');
  const again = await run(['migrate'], { cwd: path.join(closed, 'clone') });
  expect(again.stdout).toContain('up to date');
  const data = /data in (.+)\.\n/.exec(again.stderr)?.[1];
  if (data?.startsWith('/var/tmp/')) rmSync(path.dirname(data), { recursive: true });
});

test.runIf(isRoot)('as an ordinary user', async () => {
  const own = path.join(folder, 'own');
  mkdirSync(own);
  chownSync(own, 65_534, 65_534);
  const { code, stdout, stderr } = await run(['migrate'], { cwd: own, uid: 65_534, gid: 65_534 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(own) });
  expect(stdout).toContain('migrations applied');
});
