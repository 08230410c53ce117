import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { startEngine } from '../src/harness/engine-process.js';
import { checkDrain, lastId, untilDrained } from '../src/harness/until-drained.js';
import { measurePages } from '../src/scenarios/held-snapshot/pages.js';

const db = useDatabase();

test('a claim reads no more pages for the dead rows that a held snapshot keeps, with one priority and with several', async () => {
  const client = await db.connect();
  const { results } = await measurePages({ url: db.url, client }, true, () => undefined);
  const grown = results.flatMap(({ path, priorities, pages }) =>
    Object.entries(pages).map(([batch, [few = 0, many = 0]]) => ({ path, priorities, batch, times: many / few })),
  );
  expect(grown).toHaveLength(12);
  expect(grown.filter(({ times }) => !(times < 1.5))).toEqual([]); // without marks it is twice as many and more
});

test('a drain is awaited and counted, and one whose events do not all end well is an error', async () => {
  const client = await db.connect();
  await db.query("select pgrelay.register_channel('drain.well', 'select 1')");
  await db.query("select pgrelay.register_channel('drain.badly', 'select 1 / ($1::integer - 7)')");
  const enqueue = 'select pgrelay.notify_many($1, array_agg(n::text)) from generate_series(1, 20) n';
  const processor = await startEngine({ url: db.url });
  try {
    for (const [channel, done, failed] of [
      ['drain.well', 20, 0],
      ['drain.badly', 19, 1],
    ] as const) {
      const since = await lastId(client);
      await db.query(enqueue, [channel]);
      const drain = await untilDrained(client, channel, since, 20, 60_000);
      expect(drain).toMatchObject({ attempts: 20, done, failed, retried: 0 });
      expect(drain.ended).toBeGreaterThan(drain.began);
      if (failed === 0) checkDrain(drain, 20);
      else expect(() => checkDrain(drain, 20)).toThrow('20 events have 20 audit rows, 19 of them of a success');
      expect(() => checkDrain(drain, 19)).toThrow();
    }
  } finally {
    await processor.stop();
  }
});
