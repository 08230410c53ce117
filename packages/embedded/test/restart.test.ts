import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbedded } from '@pgrelay/embedded';
import { until } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { endOf, hold } from './holder.js';
import { ask, scratchFolder, startedAt } from './scratch.js';

test('data, port and password survive a restart', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const first = await startEmbedded({ directory });
  await ask(first.url, 'create table kept as select 42 as n');
  await first.stop();
  const second = await startEmbedded({ directory });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
  expect(await ask(second.url, 'show server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
  await second.stop();
  await second.stop();
});

test('the server of a killed parent is used again', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const killed = await hold({ directory });
  await ask(killed.told.url, 'create table kept as select 42 as n');
  const started = await startedAt(killed.told.url);
  killed.process.kill('SIGKILL');
  await endOf(killed.process);
  const messages: string[] = [];
  const server = await startEmbedded({ directory, onMessage: (text) => messages.push(text) });
  expect(messages.join()).toContain('is used again');
  expect(await startedAt(server.url)).toBe(started);
  expect(await ask(server.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await server.stop();
});

test('the server of a killed parent is restarted when other settings are wanted', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const killed = await hold({ directory });
  const started = await startedAt(killed.told.url);
  killed.process.kill('SIGKILL');
  await endOf(killed.process);
  const server = await startEmbedded({ directory, postgresArgs: { work_mem: '5MB' } });
  expect(await startedAt(server.url)).not.toBe(started);
  expect(await ask(server.url, 'show work_mem')).toEqual([{ work_mem: '5MB' }]);
  await server.stop();
});

test('a parent that just ends takes its server with it', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const { told, process: child } = await hold({ directory, leave: true });
  await endOf(child);
  await until(
    () =>
      ask(told.url, 'select 1').then(
        () => false,
        () => true,
      ),
    'the server has stopped',
  );
});

test('after a crash the stale lock does not matter, and what was committed is there', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const crashed = await startEmbedded({ directory });
  await ask(crashed.url, 'create table kept as select 42 as n');
  await crashed.kill();
  const server = await startEmbedded({ directory });
  expect(await ask(server.url, 'select n from kept')).toEqual([{ n: 42 }]);
  await server.stop();
});

test('a lock whose process id is by now a stranger of the same user does not matter either', async () => {
  const directory = path.join(scratchFolder(), 'server');
  const crashed = await startEmbedded({ directory });
  await crashed.kill();
  const lock = path.join(crashed.directory, 'postmaster.pid');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(process.pid)));
  const server = await startEmbedded({ directory });
  expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await server.stop();
});
