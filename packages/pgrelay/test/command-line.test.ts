import { expect, test } from 'vitest';
import { run } from './support/binary.js';

test.each([
  [['start', '--workers', '10'], 'It is a whole number from 1 to 9.'],
  [['start', '--workers', 'two'], 'It is a whole number from 1 to 9.'],
  [['start', '--log-level', 'loud'], 'Allowed choices are trace, debug'],
  [['start', '--port', '0'], 'from 1 to 65535'],
  [['start', '--http-port', '70000'], 'from 0 to 65535'],
  [['extension'], "required option '-o, --output <folder>' not specified"],
  [['migrate', '--fast'], "unknown option '--fast'"],
  [['migrat'], "unknown command 'migrat'"],
  [[], 'no command was given'],
])('pgrelay %j is called wrongly: exit code 2 and a message', async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('error PGRELAY_USAGE: ');
  expect(stderr).toContain(message);
  expect(stderr).toContain('hint: See pgrelay --help.');
});

test('with --json an error is JSON', async () => {
  const { code, stderr } = await run(['start', '--workers', '0', '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({
    error: { code: 'PGRELAY_USAGE', message: expect.stringContaining('1 to 9'), hint: 'See pgrelay --help.' },
  });
});

test.each([
  [['--help']],
  [['start', '--help']],
  [['migrate', '--help']],
  [['problems', '--help']],
  [['script', '--help']],
  [['extension', '--help']],
  [['uninstall', '--help']],
  [['explain', '--help']],
  [['cron', 'plan', '--help']],
])('pgrelay %j explains itself', async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toContain('Usage: pgrelay');
  expect(stdout).toContain('DATABASE_URL');
  expect(stdout).toContain('Exit codes');
});

test('a database that does not answer, or cannot be named, is exit code 1 with the password unsaid', async () => {
  const closed = await run(['migrate'], { databaseUrl: 'postgresql://u:hunter2@127.0.0.1:1/x' });
  expect(closed).toMatchObject({ code: 1, stdout: '' });
  expect(closed.stderr).toMatch(/^error PGRELAY_DATABASE_UNREACHABLE: .*127\.0\.0\.1:1/);
  const unreadable = await run(['start', '--json'], { databaseUrl: 'u:hunter2@127.0.0.1' });
  expect(JSON.parse(unreadable.stderr)).toMatchObject({ error: { code: 'PGRELAY_URL_INVALID' } });
  expect(closed.stderr + unreadable.stderr).not.toContain('hunter2');
});
