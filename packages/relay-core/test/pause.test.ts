import { createClient, defineHandler, type RelayClient } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let relay: RelayClient;
beforeAll(() => {
  relay = createClient({ connectionString: db.url });
});
afterAll(() => relay.close());

const stateOf = async (channel: string) =>
  (await db.query<{ state: string }>('select state from pgrelay.channels where name = $1', [channel]))[0]?.state;

/** Until a Processor has looked for work and done other work after what was sent before. */
async function untilLookedAt(): Promise<void> {
  await relay.notify('pause.beside');
  await untilIdle(db, 'pause.beside');
}

test('a pause survives a deploy: Processors that start and declare the handler anew leave it paused, and events wait', async () => {
  const release = (seen: unknown[], version: string) => ({
    handlers: [
      defineHandler('pause.handler', { breaker: { failures: 3 } }, (event) => void seen.push([version, event.payload])),
      defineHandler('pause.beside', () => undefined),
    ],
  });
  const seen: unknown[] = [];
  const old = await running(db, release(seen, 'old'));
  await db.query("select pgrelay.register_channel('pause.sql', 'select 1')");
  await relay.notify('pause.handler', 1);
  await until(async () => seen.length === 1, 'it works');
  await db.query("select pgrelay.pause_channel('pause.handler'), pgrelay.pause_channel('pause.sql')");
  await relay.notify('pause.handler', 2);
  const sql = await relay.notify('pause.sql', 'x');
  await untilLookedAt();
  await old.processor.stop();

  await running(db, release(seen, 'new'));
  await db.query("select pgrelay.register_channel('pause.sql', 'select 2', p_replace => true)"); // the deploy's own SQL
  await untilLookedAt();
  expect(await stateOf('pause.handler')).toBe('paused');
  expect(await stateOf('pause.sql')).toBe('paused');
  expect(seen).toEqual([['old', 1]]);
  expect((await relay.explain(sql)).map(({ reason }) => reason)).toEqual(['channel_paused']);

  await db.query("select pgrelay.resume_channel('pause.handler'), pgrelay.resume_channel('pause.sql')");
  await untilIdle(db, 'pause.handler', 'pause.sql');
  expect(seen).toEqual([
    ['old', 1],
    ['new', 2],
  ]);
  expect(await outcomes(db, 'pause.sql')).toMatchObject([{ outcome: 'done', attempt: 1 }]);
});

test('a disabled channel stays disabled over a deploy', async () => {
  const handlers = [defineHandler('pause.disabled', () => undefined), defineHandler('pause.beside', () => undefined)];
  const old = await running(db, { handlers });
  await db.query("select pgrelay.disable_channel('pause.disabled')");
  await old.processor.stop();
  await running(db, { handlers });
  await untilLookedAt();
  await expect(relay.notify('pause.disabled')).rejects.toMatchObject({ code: 'RELAY_CHANNEL_DISABLED' });
  await db.query("select pgrelay.resume_channel('pause.disabled')");
  await relay.notify('pause.disabled');
  await untilIdle(db, 'pause.disabled');
});
