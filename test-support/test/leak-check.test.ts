import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { untilUnused } from '../src/leak-check.js';
import { withDatabase } from '../src/urls.js';
import { withClient } from '../src/with-client.js';

const db = useDatabase({ template: 'empty' });

test('a connection left open is named; one that is being closed is waited for', async () => {
  await withClient(withDatabase(db.url, 'postgres'), async (watcher) => {
    const session = await db.session('forgotten');
    await session.query('begin');
    await expect(untilUnused(watcher, db.name, 100)).rejects.toThrow(
      '1 connections to the test\'s database were left open: "forgotten" (idle in transaction).',
    );
    const unused = untilUnused(watcher, db.name);
    await db.closeAll();
    await unused;
  });
});
