import { schemaStatus } from '@pgrelay/relay-sql';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { composedModules } from '../src/compose.js';
import { run } from './support/binary.js';

const db = useDatabase({ template: 'empty' });

test('pgrelay script prints a file that installs everything', async () => {
  const { code, stdout, stderr } = await run(['script']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await (await db.connect()).query(stdout);
  const states = await schemaStatus({ connectionString: db.url, modules: composedModules() });
  expect(states.map(({ status }) => status)).toEqual(states.map(() => 'current'));
  expect(states.length).toBeGreaterThan(2);
});

test('pgrelay script --json has the same text, and the version', async () => {
  const [plain, json] = await Promise.all([run(['script']), run(['script', '--json'])]);
  expect(JSON.parse(json.stdout)).toEqual({ version: expect.any(String), sql: plain.stdout });
});
