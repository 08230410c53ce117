import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { useDatabase } from '@pgrelay/test-support';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutsideProject } from './support/outside-project.js';
import { type Packed, packAll, publishable, readManifest, repository } from './support/packed-packages.js';

/** What a package is installed, checked and used with, outside of the workspace. */
const empty = useDatabase({ template: 'empty' });
const migrated = useDatabase();
const folders = publishable();
let project: OutsideProject;
let all: ReturnType<typeof packAll>;

const minutes = 60_000;

beforeAll(() => {
  all = packAll();
  const { kysely = '', zod = '' } = readManifest('examples').dependencies ?? {};
  const { typescript = '', '@types/node': node = '' } = readManifest('.').devDependencies ?? {};
  project = new OutsideProject();
  project.install(all.packed);
  // What the graph of our packages is, before anything that only this test needs.
  graph = project.installed();
  project.install([], `kysely@${kysely}`, `zod@${zod}`, `typescript@${typescript}`, `@types/node@${node}`);
}, 10 * minutes);

afterAll(() => {
  project?.remove();
  all?.remove();
});

let graph: readonly string[] = [];

const of = (folder: string): Packed => {
  const found = all.packed.find(({ manifest }) => manifest.name === readManifest(folder).name);
  if (found === undefined) throw new Error(`${folder} was not packed`);
  return found;
};

/** `@pgrelay/relay-core/tx` and so on: what a user may import. */
const entries = ({ manifest }: Packed): string[] =>
  Object.keys(manifest.exports ?? {}).map((entry) => path.posix.join(manifest.name, entry));

describe.each(folders)('%s', (folder) => {
  test('has no fault that publint knows', async () => {
    const { size: _size, tarball, manifest } = of(folder);
    const file = readFileSync(tarball);
    const data = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
    expect(pkg?.['name']).toBe(manifest.name);
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('has types that resolve as its code does, for every way of resolving that Node has', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(of(folder).tarball))));
    if (!result.types) throw new Error('the package has no types');
    // Modules only: require() of them is for Node 20.19 and later, and node10 knows no exports.
    const known = new Set(['CJSResolvesToESM']);
    const problems = result.problems.filter(
      (problem) => !known.has(problem.kind) && !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(problems).toEqual([]);
  });

  test('holds what it needs, and no test, build file or secret', () => {
    const { files } = of(folder);
    expect(files).toContain('package.json');
    expect(files).toContain('LICENSE');
    expect(files).toContain('dist/index.js');
    expect(files).toContain('dist/index.d.ts');
    const odd = files.filter(
      (file) => !/^(package\.json|LICENSE|(dist|src)\/.*\.(js|ts|map)|bin\/\w+\.js|sql\/.*\.sql)$/.test(file),
    );
    expect(odd).toEqual([]);
    expect(files.filter((file) => /(^|\/)tests?\/|\.test\.|\.tsbuildinfo|\.env/.test(file))).toEqual([]);
  });

  test('every entry can be imported, and compiles for a strict user', () => {
    const names = entries(of(folder));
    const imports = names.map((entry, index) => `import * as entry${index} from '${entry}';`);
    const uses = names.map((_entry, index) => `console.log(Object.keys(entry${index}).length > 0);`);
    project.write('entries.ts', [...imports, ...uses].join('\n'));
    project.compile(['entries.ts']);
    expect(project.run('node', ['out/entries.js'])).toBe('true\n'.repeat(names.length));
    project.compile(['entries.ts'], ['--noEmit', '--module', 'esnext', '--moduleResolution', 'bundler']);
  });
});

test('the graph of dependencies has our packages once, and no tool of this repository', () => {
  const ours = all.packed.map(({ manifest }) => `node_modules/${manifest.name}`);
  expect(graph.filter((place) => /node_modules\/(@pgrelay\/[\w-]+|pgrelay)$/.test(place)).sort()).toEqual(ours.sort());
  const wanted = new Set(all.packed.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {})));
  // The types of what our own types name; @types/pg brings those of Node.
  wanted.add('@types/node');
  const tools = ['.', 'test-support', 'benchmarks', 'demo', ...folders].flatMap((folder) => {
    const { dependencies = {}, devDependencies = {} } = readManifest(folder);
    return Object.keys(folders.includes(folder) ? devDependencies : { ...dependencies, ...devDependencies });
  });
  const forbidden = new Set(tools.filter((name) => !wanted.has(name)));
  expect(forbidden.size).toBeGreaterThan(15);
  const names = graph.map((place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(names.filter((name) => forbidden.has(name))).toEqual([]);
});

test('sizes are what they should be', () => {
  const rows = all.packed.map(({ manifest, size, unpackedSize, files }) => ({
    package: manifest.name,
    'kB packed': Math.round(size / 1_000),
    'kB unpacked': Math.round(unpackedSize / 1_000),
    files: files.length,
  }));
  console.table(rows);
  expect(rows.filter((row) => row['kB packed'] > 1_000)).toEqual([]);
});

test('the binary runs from the installed package: it migrates, and says what it installed', () => {
  const environment = { DATABASE_URL: empty.url };
  expect(project.run('npx', ['--no-install', 'pgrelay', '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(project.run('npx', ['--no-install', 'pgrelay', 'migrate'], environment)).toContain('migrations applied');
  expect(project.run('npx', ['--no-install', 'pgrelay', 'migrate'], environment)).toContain('up to date');
});

test(
  'the examples compile and run against the installed packages',
  () => {
    const examples = readdirSync(path.join(repository, 'examples/src'));
    expect(examples.length).toBeGreaterThan(5);
    mkdirSync(path.join(project.folder, 'examples'), { recursive: true });
    for (const file of examples)
      copyFileSync(path.join(repository, 'examples/src', file), path.join(project.folder, 'examples', file));
    project.compile(
      examples.map((file) => `examples/${file}`),
      ['--experimentalDecorators', '--esModuleInterop', '--outDir', 'out/examples'],
    );
    for (const file of examples.map((name) => name.replace(/\.ts$/, '.js'))) {
      expect(project.run('node', [`out/examples/${file}`], { DATABASE_URL: migrated.url }), file).not.toBe('');
    }
  },
  5 * minutes,
);
