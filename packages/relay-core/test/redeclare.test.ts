import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { running } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

test('a handler channel that is dropped and registered again is served again, in the right mode only', async () => {
  const seen: unknown[] = [];
  const { lines } = await running(db, {
    handlers: [defineHandler('d.again', (event) => void seen.push(event.payload))],
  });
  await client.notify('d.again', 1);
  await until(async () => seen.length === 1, 'the first event ran');
  const again = "select pgrelay.drop_channel('d.again', true), pgrelay.register_channel('d.again', p_mode => $1)";
  await db.query(again, ['leased']);
  await client.notify('d.again', 2);
  await until(async () => seen.length === 2, 'the second event ran');
  await db.query(again, ['transactional']);
  await client.notify('d.again', 3);
  await until(async () => lines.some((line) => line.includes('RELAY_HANDLER_INVALID')), 'it says so');
  expect(seen).toEqual([1, 2]);
  await db.query(again, ['leased']);
  await client.notify('d.again', 4);
  await until(async () => seen.length === 3, 'the fourth event ran');
  expect(seen).toEqual([1, 2, 4]);
});
