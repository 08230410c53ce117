import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CommandProcess } from '../src/harness/command-process.js';
import { ServedProcess } from '../src/harness/served-process.js';

const fixture = fileURLToPath(new URL('fixtures/served.mjs', import.meta.url));
const start = (): Promise<ServedProcess> => ServedProcess.start(process.execPath, fixture, { greeting: 'Hello' });

describe('a program that serves the harness', () => {
  test('gets its settings, answers calls, and ends when told to', async () => {
    const contender = await start();
    expect(await contender.call('greet', 'world')).toBe('Hello, world');
    contender.check();
    await contender.stop();
    expect(() => contender.check()).toThrow('has ended');
    await expect(contender.call('greet')).rejects.toThrow('has ended');
  });

  test('reports its error to the caller and goes on', async () => {
    const contender = await start();
    await expect(contender.call('fail')).rejects.toThrow('this went wrong');
    expect(await contender.call('greet', 'again')).toBe('Hello, again');
    await contender.kill();
  });

  test('that dies fails the call it did not answer', async () => {
    const contender = await start();
    await expect(contender.call('die')).rejects.toThrow('ended before it answered');
  });

  test('that cannot start is an error', async () => {
    const missing = ServedProcess.start(process.execPath, '--eval=process.exit(3)', {});
    await expect(missing).rejects.toThrow('could not be started');
  });
});

describe('a command', () => {
  test('that ends by itself is reported with what it said', async () => {
    const command = new CommandProcess(
      process.execPath,
      '--eval',
      ['console.error("no such thing"); process.exit(4)'],
      {},
    );
    await command.stop();
    expect(() => command.check()).toThrow(/ended with/);
  });

  test('is told to end as its users would, and waited for', async () => {
    const command = new CommandProcess(process.execPath, '--eval', ['setInterval(() => undefined, 1000)'], {});
    command.check();
    await command.stop();
    expect(() => command.check()).toThrow('ended with SIGTERM');
  });
});
