import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { findBinaries, startEmbedded } from '@pgrelay/embedded';
import { expect, onTestFinished, test } from 'vitest';
import { hold } from './holder.js';
import { ask, scratchFolder } from './scratch.js';

const isRoot = process.getuid?.() === 0;
const ordinary = { uid: 65_534, gid: 65_534 };

/** Whether an ordinary user could run this checkout at all. */
const canDrop =
  isRoot &&
  [process.execPath, import.meta.filename].every(
    (file) => spawnSync('test', ['-r', file], { ...ordinary, cwd: '/' }).status === 0,
  );

test.runIf(isRoot)(
  'root below a folder closed to others: data and binaries go elsewhere, always to the same place',
  async () => {
    const before = process.umask(0o077);
    onTestFinished(() => void process.umask(before));
    const closed = path.join(scratchFolder(), 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const home = path.join(closed, 'package', 'native');
    cpSync(path.dirname(findBinaries()), home, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !/\.a$/.test(source),
    });
    const messages: string[] = [];
    const options = {
      directory: path.join(closed, 'server'),
      binaries: path.join(home, 'bin'),
      onMessage: (text: string) => messages.push(text),
    };
    const first = await startEmbedded(options);
    onTestFinished(() => rmSync(path.dirname(first.directory), { recursive: true, force: true }));
    expect(first.directory).toMatch(/^\/var\/tmp\/pgrelay-/);
    expect(messages.join()).toContain(`is in ${path.dirname(first.directory)} instead`);
    await ask(first.url, 'create table kept as select 42 as n');
    await first.stop();
    const second = await startEmbedded(options);
    expect(second.directory).toBe(first.directory);
    expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
    await second.stop();
  },
);

test.runIf(canDrop)('an ordinary user runs the server himself, and root later runs it as him', async () => {
  const directory = path.join(scratchFolder(), 'server');
  mkdirSync(directory);
  chownSync(directory, ordinary.uid, ordinary.gid);
  const holder = await hold({ directory }, ordinary);
  expect(holder.told.version).toMatch(/^18\./);
  await ask(holder.told.url, 'create table kept as select 42 as n');
  await holder.release();
  const server = await startEmbedded({ directory });
  expect(statSync(path.join(server.directory, 'postmaster.pid')).uid).toBe(ordinary.uid);
  expect(await ask(server.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await server.stop();
});

test.runIf(canDrop)('a folder that the user cannot read or write is an error that names it', async () => {
  const directory = path.join(scratchFolder(), 'server');
  mkdirSync(directory, { mode: 0o700 });
  const { told } = await hold({ directory }, ordinary);
  expect(told.code).toBe('EMBEDDED_FOLDER_UNREADABLE');
  expect(told.message).toContain(directory);
  expect(existsSync(path.join(directory, 'data'))).toBe(false);
});

test.runIf(canDrop)(
  'data that root made cannot be used by an ordinary user, and the error says whose it is',
  async () => {
    const directory = path.join(scratchFolder(), 'server');
    const server = await startEmbedded({ directory });
    await server.stop();
    chownSync(directory, ordinary.uid, ordinary.gid);
    const { told } = await hold({ directory }, ordinary);
    expect(told.code).toBe('EMBEDDED_FOLDER_UNREADABLE');
    expect(told.message).toContain(`uid ${statSync(server.directory).uid}`);
  },
);
