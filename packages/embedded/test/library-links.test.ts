import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeLibraryLinks } from '../src/library-links.js';
import { scratchFolder } from './scratch.js';

test('missing library links are made from the package list, and made ones are left alone', () => {
  const home = path.join(scratchFolder(), 'native');
  mkdirSync(path.join(home, 'lib'), { recursive: true });
  writeFileSync(path.join(home, 'lib', 'libpq.so.5.18'), '');
  writeFileSync(
    path.join(home, 'pg-symlinks.json'),
    JSON.stringify([
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    ]),
  );
  expect(makeLibraryLinks(home)).toBe(true);
  expect(makeLibraryLinks(home)).toBe(true);
  expect(readlinkSync(path.join(home, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
});

test('a package without links, as on Windows, is fine', () => {
  expect(makeLibraryLinks(scratchFolder())).toBe(true);
});
