import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { TransactionPooler } from './support/transaction-pooler.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table effects (what text); grant insert on effects to pgrelay');
});
afterAll(() => client.close());

async function isArmed(): Promise<boolean | undefined> {
  await db.query('set role pgrelay_owner');
  const rows = await db.query<{ yes: boolean }>(
    'select last_value > extract(epoch from clock_timestamp()) * 1000 as yes from pgrelay.armed',
  );
  await db.query('reset role');
  return rows[0]?.yes;
}

const problems = () => db.query("select object from pgrelay.get_problems() where code = 'hint_unheard'");

test('behind a transaction pooler the hint is off, detected at start and reported; events run by polling', async () => {
  const pooler = await TransactionPooler.to(db.url);
  await db.query("select pgrelay.register_channel('g.sql', 'insert into effects values ($1)')");
  const { processor, lines } = await running(db, {
    connectionString: pooler.url,
    handlers: [
      defineHandler('g.leased', () => undefined),
      defineHandler('g.tx', { mode: 'transactional' }, async (event, ctx) => {
        await ctx.tx.query('insert into effects values ($1)', [event.payload]);
      }),
    ],
  });
  await until(async () => (await problems()).length === 1, 'the problem is reported');
  expect(await problems()).toEqual([{ object: `slot ${processor.slot}` }]);
  expect(lines.filter((line) => line.includes('hint_unheard'))).toHaveLength(1);
  await until(async () => (await isArmed()) === false, 'nothing is armed any more');
  expect(await db.query('select hint_heard from pgrelay.processors')).toEqual([{ hint_heard: false }]);
  for (const channel of ['g.sql', 'g.leased', 'g.tx']) {
    for (let i = 0; i < 5; i += 1) await client.notify(channel, channel);
    await untilIdle(db, channel);
    expect((await outcomes(db, channel)).map((row) => row.outcome)).toEqual(Array.from({ length: 5 }, () => 'done'));
  }
  expect(await db.query('select from effects')).toHaveLength(10);
  expect(await isArmed()).toBe(false);
  // Its backends serve others too: nobody may end them in its name.
  expect(await db.query('select pid from pgrelay.bury_v1()')).toEqual([]);
  const [fence] = await db.query<{ slot: number; epoch: string }>('select slot, epoch::text from pgrelay.processors');
  expect(await db.query('select from pgrelay.backends_v1($1, $2)', [fence?.slot, fence?.epoch])).toEqual([]);
  await processor.stop();
  await pooler.close();
});

test('with sessions of its own hints reach it, also through a proxy that passes everything on', async () => {
  const proxy = await TcpProxy.to(db.url);
  const { processor, lines } = await running(db, { connectionString: proxy.url, pollIntervalMs: 3_600_000 });
  await until(
    async () => (await db.query('select from pgrelay.processors where hint_heard')).length === 1,
    'it heard its check',
  );
  await until(async () => isArmed(), 'the flag is armed');
  expect(await problems()).toEqual([]);
  expect(lines.join('')).not.toContain('hint_unheard');
  await processor.stop();
  await proxy.close();
});
