import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Binaries, describeBinaries, findBinaries } from './binaries.js';
import { makeLibraryLinks } from './library-links.js';
import { type RunAs, spawnOptions } from './run-as.js';
import { makeOwnFolder } from './searchable.js';

/**
 * Server programs that the server's user can run: the installed ones, or a copy where that user cannot reach
 * those, or their library links are missing and cannot be made.
 */
export function usableBinaries(
  bin: string = findBinaries(),
  runAs: RunAs | undefined,
  say: (text: string) => void,
): Binaries {
  const installed = describeBinaries(bin);
  if (makeLibraryLinks(installed.home) && runs(installed, runAs)) return installed;
  const copy = describeBinaries(path.join(copyFolder(installed), 'native', 'bin'));
  if (!existsSync(copy.postgres)) {
    const who = runAs?.name ?? os.userInfo().username;
    say(`The user ${who} cannot use the PostgreSQL binaries in ${bin}; a copy is made in ${copy.home}.`);
    copyAtomically(installed.home, copy.home);
  }
  makeLibraryLinks(copy.home);
  return copy;
}

function runs({ postgres }: Binaries, runAs: RunAs | undefined): boolean {
  return spawnSync(postgres, ['--version'], { ...spawnOptions(runAs), stdio: 'ignore' }).status === 0;
}

/** The same folder for all checkouts with these binaries, and another one for each user, who has to trust it. */
function copyFolder(installed: Binaries): string {
  const { size } = statSync(installed.postgres);
  const parent = process.platform === 'win32' ? os.tmpdir() : '/var/tmp';
  return makeOwnFolder(path.join(parent, `pgrelay-binaries-${size}-${process.getuid?.() ?? 0}`));
}

/** The copy appears under its name only when it is complete; of several processes that copy at once one wins. */
function copyAtomically(source: string, target: string): void {
  const partial = `${target}.${process.pid}`;
  cpSync(source, partial, { recursive: true, verbatimSymlinks: true });
  openToAll(partial);
  try {
    renameSync(partial, target);
  } catch {
    // Either another process was faster, or what is there is the remainder of a copy that was partly deleted.
    if (!existsSync(describeBinaries(path.join(target, 'bin')).postgres)) {
      rmSync(target, { recursive: true, force: true });
      renameSync(partial, target);
    }
    rmSync(partial, { recursive: true, force: true });
  }
}

/** What was installed under a strict umask only its owner can read. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(child);
    else if (entry.isFile()) chmodSync(child, statSync(child).mode & 0o100 ? 0o755 : 0o644);
  }
}
