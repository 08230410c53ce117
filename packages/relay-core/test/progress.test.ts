import { createClient, defineHandler, type HandlerContext, type RelayClient } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let relay: RelayClient;
beforeAll(() => {
  relay = createClient({ connectionString: db.url });
});
afterAll(() => relay.close());

const shown = (id: string) =>
  db.query('select progress, progress_note, progress_at is not null as at from pgrelay.events where id = $1', [id]);

/** A handler that says what it is told to, and ends when it is let go. */
function stepwise(channel: string, mode: 'leased' | 'transactional') {
  let context: HandlerContext | undefined;
  let release = () => {};
  const run = (_event: unknown, ctx: HandlerContext) => {
    context = ctx;
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  return {
    definition: mode === 'leased' ? defineHandler(channel, run) : defineHandler(channel, { mode }, run),
    context: () => until(async () => context, 'the handler runs'),
    end: () => release(),
  };
}

test.each(['leased', 'transactional'] as const)(
  'ctx.progress is seen in pgrelay.events at once while a %s handler runs, and no longer',
  async (mode) => {
    const channel = `progress.${mode}`;
    const handler = stepwise(channel, mode);
    await running(db, { handlers: [handler.definition] });
    const id = await relay.notify(channel, 'secret');
    const ctx = await handler.context();
    expect(await shown(id)).toEqual([{ progress: null, progress_note: null, at: false }]);
    await ctx.progress(0.25, 'page 1 of 4');
    expect(await shown(id)).toEqual([{ progress: 0.25, progress_note: 'page 1 of 4', at: true }]);
    for (let n = 0; n < 100; n += 1) await ctx.progress(n); // too soon after it: at most one of them is written
    const rows = await db.query<{ progress: number }>('select progress from pgrelay.events where id = $1', [id]);
    expect(rows[0]?.progress).toBeDefined();
    handler.end();
    await untilIdle(db, channel);
    expect(await outcomes(db, channel)).toMatchObject([{ outcome: 'done' }]);
    await db.query('select pgrelay.maintain_v1()');
    await db.query('set role pgrelay_owner');
    expect(await db.query('select from pgrelay.progress')).toEqual([]);
    await db.query('reset role');
  },
);

test('what cannot be kept is refused, and quotes no note; what is another’s by now is fenced', async () => {
  const handler = stepwise('progress.wrong', 'leased');
  await running(db, { handlers: [handler.definition] });
  const id = await relay.notify('progress.wrong');
  const ctx = await handler.context();
  for (const [value, note] of [
    [Number.NaN, 'secret'],
    [1, 'secret'.repeat(40)],
    [1, 'secret\0'],
  ] as const) {
    const refused = await ctx.progress(value, note).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
    expect(String(refused)).not.toContain('secret');
  }
  await db.query('set role pgrelay_owner');
  await db.query('update pgrelay.queue set epoch = epoch + 1000 where id = $1', [id]);
  await db.query('reset role');
  await expect(ctx.progress(1)).rejects.toMatchObject({ code: 'RELAY_FENCED' });
  await db.query('set role pgrelay_owner');
  await db.query('update pgrelay.queue set epoch = epoch - 1000 where id = $1', [id]);
  await db.query('reset role');
  handler.end();
  await untilIdle(db, 'progress.wrong');
});
