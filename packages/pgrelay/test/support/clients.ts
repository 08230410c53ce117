import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { postgresClients } from '@pgrelay/test-support';
import { expect } from 'vitest';

const major = Number(process.env['PGRELAY_TEST_PG'] ?? '18');
const found = await postgresClients(major);

const folder = typeof found === 'string' ? '' : found.folder;

/** The dump of a client that is newer than the server has a setting that the server does not know: one error that has to be passed over. */
export const newerThanServer = typeof found !== 'string' && found.major > major;

/** Why PostgreSQL's client programs cannot be tried here; undefined when they can. */
export const lacking = typeof found === 'string' ? found : undefined;

/** Debian has clients for 15, so a lane of CI in a container always tries them: there it is a failure that they are lacking. */
export const mayLack = !(major === 15 && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0);

const start = (program: string, args: readonly string[], options = {}) => {
  if (typeof found === 'string') throw new Error(found);
  return spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
};

/** Runs psql, pg_dump, pg_dumpall or pg_restore; returns what it printed. A warning is no error, anything else on stderr is. */
export function client(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = start(path.join(folder, program), args);
  const lines = errorsOf(stderr);
  expect({ program, lines, status: newer.test(stderr) ? 0 : status }).toEqual({ program, lines: [], status: 0 });
  return stdout;
}

/** Runs one of them and returns its errors. */
export function errors(program: string, ...args: readonly string[]): string[] {
  return errorsOf(start(path.join(folder, program), args).stderr);
}

/** Runs commands as a person types them, up to the first that fails; psql goes on after an error of its own. */
export function shell(commands: string, cwd: string, env: Readonly<Record<string, string>>): void {
  const PATH = `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
  const text = newerThanServer ? commands.replaceAll('--exit-on-error ', '') : commands;
  const flags = newerThanServer ? [] : ['-e', '-o', 'pipefail'];
  const { status, stderr } = start('bash', [...flags, '-c', text], { cwd, env: { ...process.env, ...env, PATH } });
  const ended = newerThanServer ? 0 : status;
  expect({ status: ended, stderr: ended === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
}

const errorsOf = (stderr: string) =>
  stderr.split('\n').filter((line) => /error|fatal/i.test(line) && !newer.test(line));

/** A setting that a newer client's dump has and an older server does not know. */
const newer = /transaction_timeout|errors ignored on restore: 1$/;
