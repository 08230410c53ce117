import { loadModule, migrate, relaySql } from '@pgrelay/relay-sql';
import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { schemaDump } from './support/schema-dump.js';

const schemas = ['pgrelay', 'pgrelay_action'];
const fresh = useDatabase({ template: 'empty' });
const stepwise = useDatabase({ template: 'empty' });

beforeAll(() => migrate({ connectionString: fresh.url }));

describe('the schema', () => {
  test('a fresh install equals the committed snapshot', async () => {
    await expect(await schemaDump(await fresh.connect(), schemas)).toMatchFileSnapshot('../sql/schema.snapshot.txt');
  });

  test('an install that went through every version equals a fresh one', async () => {
    const { migrations } = await loadModule(relaySql);
    for (const { version } of migrations) await migrate({ connectionString: stepwise.url, upTo: version });
    await migrate({ connectionString: stepwise.url });
    const [a, b] = [
      await schemaDump(await stepwise.connect(), schemas),
      await schemaDump(await fresh.connect(), schemas),
    ];
    expect(a).toBe(b);
  });

  test('nothing in it is granted to PUBLIC, and every function that runs as its owner has its search_path pinned', async () => {
    const lines = (await schemaDump(await fresh.connect(), schemas)).split('\n');
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => line.endsWith('to PUBLIC'))).toEqual([]);
    const loose = lines.filter(
      (line) => line.startsWith('function') && line.includes('security definer') && !line.includes('search_path='),
    );
    expect(loose).toEqual([]);
  });
});
