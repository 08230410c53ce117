import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { missingPlatforms } from './lockfile-platforms.mjs';

/** What must hold for the repository as a whole. Takes its folder; the default is the current one. */
const repository = path.resolve(process.argv[2] ?? '.');
const read = (file) => readFileSync(path.join(repository, file), 'utf8');
const COMMANDS = ['npm ci && npm start', 'npm ci && npm test'];

const PEERS = 'benchmarks/peers/package-lock.json';

const findings = [
  ...checkLockfile('package-lock.json'),
  ...(existsSync(path.join(repository, PEERS)) ? checkLockfile(PEERS) : []),
  ...checkVersions(),
  ...checkReadme(),
];
for (const finding of findings) console.error(finding);
console.log(`Repository: ${findings.length} findings.`);
process.exitCode = findings.length === 0 ? 0 : 1;

/**
 * Everybody installs from the registry of their own settings, so the lockfile names none; and on their own platform,
 * so it has the packages of all of them.
 */
function checkLockfile(file) {
  const text = read(file);
  const named = text
    .split('\n')
    .flatMap((line, index) =>
      /"resolved": "[a-z+]+:\/\//.test(line)
        ? [`${file}:${index + 1}: names a registry: ${line.trim()}; install with this repository's .npmrc`]
        : [],
    );
  // What is installed for one machine only, on demand, has the packages of that machine.
  if (named.length > 0 || file !== 'package-lock.json') return named;
  return [...missingPlatforms(JSON.parse(text)).keys()].map(
    (place) => `package-lock.json: lacks ${place}, for another platform; run node tools/lockfile-platforms.mjs`,
  );
}

/** One version of each dependency in the whole repository; what exists as pre-releases only is pinned exactly. */
function checkVersions() {
  const manifests = manifestFiles().map((file) => ({ file, ...JSON.parse(read(file)) }));
  const own = new Map(manifests.map(({ name, version }) => [name, version]));
  const first = new Map();
  const found = [];
  for (const { file, dependencies, devDependencies, peerDependencies } of manifests) {
    for (const [name, range] of Object.entries({ ...peerDependencies, ...devDependencies, ...dependencies })) {
      const expected = own.get(name) ?? first.get(name) ?? range;
      first.set(name, expected);
      if (range !== expected) found.push(`${file}: ${name} is ${range}, elsewhere in this repository ${expected}`);
      if (/-beta\./.test(range) && /[~^*><]/.test(range))
        found.push(`${file}: ${name} ${range} must be an exact version`);
    }
  }
  return found;
}

function manifestFiles() {
  const folders = JSON.parse(read('package.json')).workspaces.flatMap((pattern) =>
    pattern.endsWith('/*')
      ? readdirSync(path.join(repository, path.dirname(pattern))).map((name) => `${path.dirname(pattern)}/${name}`)
      : [pattern],
  );
  return ['package.json', ...folders.map((folder) => `${folder}/package.json`)].filter((file) =>
    existsSync(path.join(repository, file)),
  );
}

/** The two commands that a newcomer runs are in the README, word for word. */
function checkReadme() {
  if (!existsSync(path.join(repository, 'README.md'))) return [];
  const readme = read('README.md');
  return COMMANDS.filter((command) => !readme.includes(command)).map((command) => `README.md: lacks "${command}"`);
}
