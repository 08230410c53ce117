import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { run } from './support/binary.js';

const database = useDatabase();
const empty = useDatabase({ template: 'empty' });

test('pgrelay explain says why, as text and as JSON', async () => {
  const [row] = await database.query<{ id: string }>(
    "select pgrelay.register_channel('x.off', 'select 1'), pgrelay.pause_channel('x.off'), pgrelay.notify('x.off', 'secret')::text as id",
  );
  const id = row?.id ?? '';
  const [text, json] = [
    await run(['explain', id], { databaseUrl: database.url }),
    await run(['explain', id, '--json'], { databaseUrl: database.url }),
  ];
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toContain(
    "channel_paused: channel x.off is paused\n  remedy: select pgrelay.resume_channel('x.off');\n",
  );
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout).map(({ reason }: { reason: string }) => reason)).toEqual([
    'channel_paused',
    'no_processor',
  ]);
  expect(text.stdout + json.stdout).not.toContain('secret');
});

test('what is no id is a wrong call; a database without pgrelay says so', async () => {
  const wrong = await run(['explain', 'abc'], { databaseUrl: database.url });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('It is a whole number above 0.') });
  const missing = await run(['explain', '1', '--json'], { databaseUrl: empty.url });
  expect(missing.code).toBe(1);
  expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'RELAY_NOT_INSTALLED' } });
});
