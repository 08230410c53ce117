import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedError } from './errors.js';
import { type RunAs, spawnOptions } from './run-as.js';

/** Whether the server's user can reach this folder, that is, search every folder above it. The kernel is asked. */
export function canSearch(runAs: RunAs | undefined, folder: string): boolean {
  if (runAs === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], spawnOptions(runAs)).status === 0;
}

/** The name under `/var/tmp` that stands in for a folder: the same for every start. */
export function substituteFor(folder: string): string {
  return path.join('/var/tmp', `pgrelay-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
}

/**
 * Makes a folder below one that everyone may write to. Since its name can be guessed, one that somebody else
 * made first, or could change, is refused.
 */
export function makeOwnFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const found = lstatSync(folder);
  const { uid, mode } = found;
  if (!found.isDirectory() || (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0))) {
    throw new EmbeddedError(
      'EMBEDDED_FOLDER_NOT_OURS',
      `${folder} should hold the embedded PostgreSQL, but it is a link, belongs to another user (uid ${uid}) or can be ` +
        'written by others. Remove it, and start again.',
    );
  }
  // Whatever the umask: the server's user must pass through.
  chmodSync(folder, 0o755);
  return folder;
}
