import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { postgresClients } from '@pgrelay/test-support';
import { expect } from 'vitest';

const major = Number(process.env['PGRELAY_TEST_PG'] ?? '18');
const found = postgresClients(major);

/** Why PostgreSQL's client programs cannot be tried here; undefined when they can. */
export const lacking = typeof found === 'string' ? found : undefined;

/** Debian has clients for 15, so a lane of CI in a container always tries them: there it is a failure that they are lacking. */
export const mayLack = !(major === 15 && process.platform === 'linux' && process.getuid?.() === 0);

/** Runs psql, pg_dump, pg_dumpall or pg_restore; returns what it printed. A warning is no error, anything else on stderr is. */
export function client(program: string, ...args: readonly string[]): string {
  if (typeof found === 'string') throw new Error(found);
  const { status, stdout, stderr } = spawnSync(path.join(found.folder, program), args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PGOPTIONS: '' },
  });
  const errors = stderr.split('\n').filter((line) => /error|fatal/i.test(line) && !newer.test(line));
  expect({ program, errors, status: errors.length === 0 && newer.test(stderr) ? 0 : status }).toEqual({
    program,
    errors: [],
    status: 0,
  });
  return stdout;
}

/** A setting that a newer client's dump has and an older server does not know. */
const newer = /transaction_timeout|errors ignored on restore: 1$/;
