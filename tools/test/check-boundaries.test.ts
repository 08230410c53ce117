import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.nx', '.pgrelay', 'coverage']);
const changed = new Map<string, string | undefined>();
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-copy-'));
  cpSync(repository, copy, { recursive: true, filter: (source) => !LEFT_OUT.has(path.basename(source)) });
  symlinkSync(path.join(repository, 'node_modules'), path.join(copy, 'node_modules'));
});

afterEach(() => {
  for (const [file, text] of changed) {
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
  }
  changed.clear();
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function check(tool = 'check-boundaries/main.mjs'): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(copy, 'tools', tool), copy], {
    encoding: 'utf8',
  });
  return { code: status, said: `${stdout}${stderr}` };
}

function append(file: string, text: string): void {
  const target = path.join(copy, file);
  changed.set(target, readFileSync(target, 'utf8'));
  appendFileSync(target, text);
}

function create(file: string, text: string): void {
  const target = path.join(copy, file);
  mkdirSync(path.dirname(target), { recursive: true });
  changed.set(target, undefined);
  writeFileSync(target, text);
}

function editJson(file: string, edit: (json: Record<string, Record<string, string>>) => void): void {
  const target = path.join(copy, file);
  const text = readFileSync(target, 'utf8');
  changed.set(target, text);
  const json = JSON.parse(text) as Record<string, Record<string, string>>;
  edit(json);
  writeFileSync(target, JSON.stringify(json));
}

test('the repository as it is passes', () => {
  expect(check()).toEqual({ code: 0, said: expect.stringContaining(' 0 breaches.') });
  expect(check('check-repository.mjs')).toEqual({ code: 0, said: expect.stringContaining(' 0 findings.') });
});

test('a forbidden dependency in package.json is refused', () => {
  editJson('packages/relay-core/package.json', (json) => {
    json.dependencies = { ...json.dependencies, '@pgrelay/auto-mv': '0.1.0' };
  });
  const { code, said } = check();
  expect(code).toBe(1);
  expect(said).toContain(
    'packages/relay-core/package.json: depends on @pgrelay/auto-mv: layer 1 may depend on lower layers only',
  );
});

test('a plugin that depends on another plugin is refused', () => {
  editJson('packages/auto-mv/package.json', (json) => {
    json.dependencies = { ...json.dependencies, '@pgrelay/plugin-cron': '0.1.0' };
  });
  const { code, said } = check();
  expect(code).toBe(1);
  expect(said).toContain('depends on @pgrelay/plugin-cron: plugins never depend on each other');
});

test('forbidden imports are refused, whatever their form', () => {
  const forbidden = [
    ["import '@pgrelay/relay-core';", 'layer 0 may depend on lower layers only'],
    ["import type { Processor } from '@pgrelay/relay-core';", 'layer 0 may depend on lower layers only'],
    ["await import('@pgrelay/relay-core');", 'layer 0 may depend on lower layers only'],
    ["export * from '../../relay-core/src/index.js';", 'a relative import stays in its package'],
    ["import '@pgrelay/embedded/dist/server.js';", 'no deeper file'],
    ["import 'undici';", 'packages/relay-sql/package.json does not declare undici'],
    ["import 'tsyringe';", 'knows the DI library'],
    ["import '@pgrelay/test-support';", 'test-support is for tests only'],
  ];
  for (const [index, [line]] of forbidden.entries())
    create(`packages/relay-sql/src/forbidden-${index}.ts`, `${line}\n`);
  const { code, said } = check();
  expect(code).toBe(1);
  const lines = said.split('\n');
  for (const [index, [, reason]] of forbidden.entries()) {
    const found = lines.filter((line) => line.startsWith(`packages/relay-sql/src/forbidden-${index}.ts: imports `));
    expect(found).toEqual([expect.stringContaining(reason ?? '')]);
  }
});

test('a test may import test-support and the tools of tests', () => {
  create('packages/relay-sql/test/allowed.test.ts', "import '@pgrelay/test-support';\nimport 'vitest';\n");
  expect(check().said).not.toContain('allowed.test.ts');
});

test('asking the container outside of its two files is refused', () => {
  create(
    'packages/relay-core/src/locator.ts',
    'export const get = (container: any, token: any) => container.resolve(token);\n',
  );
  const { code, said } = check();
  expect(code).toBe(1);
  expect(said).toContain('packages/relay-core/src/locator.ts: calls container.resolve()');
});

test('a project reference that package.json does not know is refused', () => {
  editJson('packages/embedded/tsconfig.json', (json) => {
    Object.assign(json, { references: [{ path: '../relay-sql' }] });
  });
  const { code, said } = check();
  expect(code).toBe(1);
  expect(said).toContain('packages/embedded/tsconfig.json: refers to @pgrelay/relay-sql');
});

test('a lockfile that names a registry is refused', () => {
  append('package-lock.json', '\n      "resolved": "https://registry.example/pg/-/pg-8.tgz",\n');
  const { code, said } = check('check-repository.mjs');
  expect(code).toBe(1);
  expect(said).toContain('names a registry');
});

test('the lockfile of the peers must name none either, and needs the packages of one platform only', () => {
  append('benchmarks/peers/package-lock.json', '\n      "resolved": "https://registry.example/pg/-/pg-8.tgz",\n');
  const { code, said } = check('check-repository.mjs');
  expect(code).toBe(1);
  expect(said).toMatch(/^benchmarks\/peers\/package-lock\.json:\d+: names a registry/m);
});

test('what a package in a folder of another one imports is its own affair', () => {
  create('packages/relay-sql/nested/package.json', '{}');
  create('packages/relay-sql/nested/index.mjs', "import 'undici';\n");
  expect(check().said).not.toContain('nested');
});

test('a lockfile without the packages of other platforms is refused', () => {
  editJson('package-lock.json', (json) => {
    delete json.packages?.['node_modules/@biomejs/cli-darwin-arm64'];
  });
  const { code, said } = check('check-repository.mjs');
  expect(code).toBe(1);
  expect(said).toContain('lacks node_modules/@biomejs/cli-darwin-arm64, for another platform');
});
