import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { systemCode } from './errors.js';

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The npm packages cannot carry symbolic links, such as `libpq.so.5 -> libpq.so.5.18`; an install script makes
 * them, which some npm clients hold back. So missing ones are made here, from the package's own list. Several
 * processes may do so at once. Returns false where a link is missing and the folder cannot be written.
 */
export function makeLibraryLinks(home: string): boolean {
  return readLinks(home).every(({ source, target }) => {
    const link = path.resolve(home, '..', target);
    if (existsSync(link)) return true;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return true;
      if (systemCode(error) === 'EACCES' || systemCode(error) === 'EROFS' || systemCode(error) === 'EPERM')
        return false;
      throw error;
    }
  });
}

function readLinks(home: string): readonly Link[] {
  const list = path.join(home, 'pg-symlinks.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as Link[]) : [];
}
