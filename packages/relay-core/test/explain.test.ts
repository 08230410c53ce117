import { createClient, defineHandler, type RelayClient } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { running } from './support/running.js';

const db = useDatabase();
let relay: RelayClient;
beforeAll(() => {
  relay = createClient({ connectionString: db.url });
});
afterAll(() => relay.close());

const reasons = async (id: string) => (await relay.explain(id)).map(({ reason }) => reason);

/** An event of a channel whose handler runs until it is told to stop. */
async function sendStuck(channel: string): Promise<string> {
  await db.query('select pgrelay.register_channel($1)', [channel]);
  return relay.notify(channel, 'secret');
}
const stuck = (channel: string) =>
  defineHandler(channel, (_event, ctx) => {
    const { signal } = ctx;
    return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });

test('no_processor, no_handler, claimed, cancelled: what is said of an event, while its remedies are followed', async () => {
  const id = await sendStuck('why.stuck');
  expect(await relay.explain(id)).toEqual([
    {
      reason: 'no_processor',
      evidence: 'none has ever been started',
      remedy: '-- Start a Processor: npx pgrelay start, or your own with the handler.',
    },
  ]);
  await running(db, { handlers: [stuck('why.other')] });
  expect(await relay.explain(id)).toEqual([
    {
      reason: 'no_handler',
      evidence: 'of the 1 living Processors none serves channel why.stuck',
      remedy: '-- Start a Processor with a handler for why.stuck.',
    },
  ]);
  const { processor } = await running(db, { handlers: [stuck('why.stuck')] });
  await until(async () => (await reasons(id))[0] === 'claimed', 'it is claimed');
  const [claimed] = await relay.explain(id);
  expect(claimed?.evidence).toMatch(`slot ${processor.slot} worker 1 of `);
  await db.query(claimed?.remedy ?? '');
  await until(async () => (await reasons(id))[0] === 'cancelled', 'its handler stopped');
  expect(JSON.stringify(await relay.explain(id))).not.toContain('secret');
});

test('running: a Processor runs it in a batch, and another waits behind it', async () => {
  await db.query("select pgrelay.register_channel('why.sql', 'select pg_sleep(600)')");
  const { processor } = await running(db);
  const [first = '', second = ''] = [await relay.notify('why.sql'), await relay.notify('why.sql')];
  await until(async () => (await reasons(first))[0] === 'running', 'it runs');
  const [run] = await relay.explain(first);
  expect(run?.evidence).toMatch(`slot ${processor.slot} worker 1 of `);
  await until(async () => ['limited', 'running'].includes((await reasons(second))[0] ?? ''), 'the other waits');
  await db.query("select pgrelay.pause_channel('why.sql')");
  await db.query(run?.remedy ?? '');
  await until(async () => (await reasons(first))[0] !== 'running', 'the batch is undone');
  await db.query("select pgrelay.drop_channel('why.sql', true)");
});

test('a text that is no id is refused before anything is asked', async () => {
  for (const id of ['', '0', '-1', '1.5', 'x', '9223372036854775808', 7])
    await expect(relay.explain(id as string)).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
  expect(await reasons('9223372036854775807')).toEqual(['no_event']);
});
