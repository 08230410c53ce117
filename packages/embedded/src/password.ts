import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedError } from './errors.js';

/**
 * The superuser's password, made with the data and kept beside it for its owner only. Without one every user of
 * the machine could become superuser of this server, and with that run programs as its user.
 */
export function readPassword(base: string): string {
  const file = path.join(base, 'password');
  if (!existsSync(file)) {
    throw new EmbeddedError(
      'EMBEDDED_PASSWORD_MISSING',
      `${file}, which holds the password of the data in ${base}, is gone. Put it back, or remove ${base} to begin with an empty database.`,
    );
  }
  return readFileSync(file, 'utf8').trim();
}

export function makePassword(base: string): string {
  const password = randomBytes(18).toString('base64url');
  writeFileSync(path.join(base, 'password'), `${password}\n`, { mode: 0o600 });
  return password;
}
