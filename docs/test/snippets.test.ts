import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pages, repository, type Snippet, snippets, statements } from './pages.js';

const database = useDatabase();
const all = pages().flatMap(snippets);
const sql = all.filter(({ kind }) => kind === 'sql run');
const ts = all.filter(({ kind }) => kind !== 'sql run');
const folder = path.join(repository, 'docs', 'dist', `snippets-${process.pid}`);
const nameOf = ({ page, line }: Snippet) => `${page.replaceAll(/[^a-z]/gi, '-')}-${line}`;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('there are snippets to try', () => {
  expect(sql.length).toBeGreaterThan(5);
  expect(ts.length).toBeGreaterThan(3);
});

describe('SQL', () => {
  test.each(pages().filter((page) => sql.some((snippet) => snippet.page === page)))('%s', async (page) => {
    const client = await database.connect();
    for (const snippet of sql.filter((each) => each.page === page)) {
      for (const statement of statements(snippet.text)) {
        await client.query(statement).catch((error: Error) => {
          throw new Error(`${page}:${snippet.line}: ${error.message}\n${statement}`, { cause: error });
        });
      }
    }
  });
});

describe('TypeScript', () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    for (const snippet of ts) writeFileSync(path.join(folder, `${nameOf(snippet)}.ts`), snippet.text);
    const compilerOptions = {
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      noUnusedLocals: false,
      rootDir: '.',
      outDir: 'out',
    };
    const extended = path.join(repository, 'tsconfig.base.json');
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: extended, compilerOptions, include: ['*.ts'] }),
    );
  });

  test('compiles', () => {
    const tsc = path.join(
      path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin',
      'tsc',
    );
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test.each(ts.filter(({ kind }) => kind === 'ts run').map((snippet) => [nameOf(snippet)]))('%s runs', (name) => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(folder, 'out', `${name}.js`)], {
      encoding: 'utf8',
      env: { ...process.env, DATABASE_URL: database.url },
      timeout: 30_000,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
