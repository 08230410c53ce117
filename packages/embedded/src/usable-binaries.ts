import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Binaries, describeBinaries, findBinaries } from './binaries.js';
import { makeLibraryLinks } from './library-links.js';
import type { RunAs } from './run-as.js';
import { canSearch, makeOwnFolder, substituteFor } from './searchable.js';

/**
 * Server programs that the server's user can run, with their libraries linked: the installed ones, or a copy
 * where that user cannot reach those, or their links are missing and cannot be made.
 */
export function usableBinaries(
  bin: string = findBinaries(),
  runAs: RunAs | undefined,
  say: (text: string) => void,
): Binaries {
  const installed = describeBinaries(bin);
  const linked = makeLibraryLinks(installed.home);
  if (linked && canSearch(runAs, bin)) return installed;
  const who = runAs?.name ?? os.userInfo().username;
  const parent = makeOwnFolder(`${substituteFor(installed.home)}-binaries-${process.getuid?.() ?? ''}`);
  const home = path.join(parent, 'native');
  if (!existsSync(home)) {
    say(`The user ${who} cannot use the PostgreSQL binaries in ${bin}; a copy is made in ${parent}.`);
    copyAtomically(installed.home, home);
  }
  makeLibraryLinks(home);
  return describeBinaries(path.join(home, 'bin'));
}

/** The copy appears under its name only when it is complete; of several processes that copy at once one wins. */
function copyAtomically(source: string, target: string): void {
  const partial = `${target}.${process.pid}`;
  cpSync(source, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}
