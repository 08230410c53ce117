import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * npm leaves those platform packages out of a lockfile that it could not see on the machine it ran on
 * (npm/cli#4828); then `npm ci` fails, or installs no binaries on other platforms. This puts them back:
 *
 *   node tools/lockfile-platforms.mjs     after npm install, if npm run check asks for it
 */
const OS = /(?:^|[-/])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|windows)(?:-|$)/;
const CPU = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|wasm32|x64)(?:-|$)/;
const LIBC = { gnu: 'glibc', musl: 'musl' };

/** The entries that a lockfile lacks, by the path they belong under. */
export function missingPlatforms({ packages }) {
  const missing = new Map();
  for (const [place, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (!(OS.test(name) || CPU.test(name)) || isLocked(packages, place, name, range)) continue;
      const hoisted = `node_modules/${name}`;
      const target = hoisted in packages || missing.has(hoisted) ? `${place}/node_modules/${name}` : hoisted;
      missing.set(target, entry(name, range.replace(/^[~^]/, ''), packages[place].dev));
    }
  }
  return missing;
}

/** Looks where Node would look: beside the package that wants it, then further and further up. */
function isLocked(packages, place, name, range) {
  for (let folder = place; ; folder = folder.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const found = packages[path.posix.join(folder, 'node_modules', name)];
    if (found) return fits(found.version, range);
    if (folder === '') return false;
  }
}

function fits(version, range) {
  return range.startsWith('^') ? version.split('.')[0] === range.slice(1).split('.')[0] : version === range;
}

function entry(name, version, dev) {
  const os = OS.exec(name)?.[1]?.replace('windows', 'win32');
  const cpu = CPU.exec(name)?.[1];
  const libc = LIBC[/-(gnu|musl)/.exec(name)?.[1]];
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const missing = missingPlatforms(lock);
  const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  writeFileSync(
    'package-lock.json',
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`,
  );
  console.log(`package-lock.json: ${missing.size} packages of other platforms added.`);
}
