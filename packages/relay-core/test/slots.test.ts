import { defineHandler, Processor } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { logLines } from './support/log-lines.js';
import { running, untilIdle } from './support/running.js';

const db = useDatabase();

async function occupy(lease: string): Promise<void> {
  await db.query(
    "select pgrelay.attach_v1('host-' || i, 1000 + i, 'test', $1, 1, '{}') from generate_series(1, 64) i",
    [lease],
  );
}

test('a 65th Processor is refused with a coded error that names the 64, and leaves nothing open', async () => {
  await occupy('3600000');
  const { log } = logLines();
  const processor = new Processor({ connectionString: db.url, log, leaseMs: 1_000 });
  const error = await processor.start().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'RelayError', code: 'RELAY_NO_FREE_SLOT' });
  const { message, hint } = error as Error & { hint: string };
  for (let i = 1; i <= 64; i += 1) expect(message).toContain(`${i}: host-${i} pid ${1000 + i}`);
  expect(hint).toContain('pgrelay.processors');
  expect(processor.slot).toBeUndefined();
  expect(
    await db.query(
      "select from pg_stat_activity where datname = current_database() and application_name ~ '^pgrelay (worker|control|heartbeat)'",
    ),
  ).toEqual([]);
  expect(await db.query('select from pgrelay.processors')).toHaveLength(64);
  await db.query('select pgrelay.detach_v1(slot, epoch) from pgrelay.processors where slot > 1');
});

test('when all 64 are dead and nobody is left to notice, a new one frees their slots itself', async () => {
  await db.query('select pgrelay.detach_v1(slot, epoch) from pgrelay.processors');
  await occupy('1');
  await db.query("select pgrelay.register_channel('t.left', p_mode => 'leased')");
  await db.query("select pgrelay.notify('t.left')");
  const { processor } = await running(db, { handlers: [defineHandler('t.left', () => undefined)] });
  expect(processor.slot).toBe(1);
  await untilIdle(db, 't.left');
});
