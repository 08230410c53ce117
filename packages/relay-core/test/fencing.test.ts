import type { Worker } from 'node:worker_threads';
import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

async function declareDead(): Promise<void> {
  await db.query('set role pgrelay_owner');
  await db.query('update pgrelay.instance set alive = false where alive');
  await db.query('reset role');
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('a Processor that was declared dead', () => {
  test('notices by its work before its heartbeat does, and records the workers anew', async () => {
    await db.query("select pgrelay.register_channel('f.sql', 'select 1')");
    const { processor, lines } = await running(db, { leaseMs: 600_000, workers: 2 });
    await declareDead();
    await client.notify('f.sql');
    await until(async () => lines.some((line) => line.includes('declared dead')), 'it notices', 10_000);
    await until(async () => processor.slot !== undefined, 'it has a slot again');
    const entered = () =>
      db.query<{ purpose: string }>(
        'select b.purpose from pgrelay.instance_backend b join pgrelay.instance i using (slot, epoch) where i.alive order by 1',
      );
    await until(async () => (await entered()).length === 4, 'each connection is in the new epoch', 10_000);
    expect((await entered()).map((row) => row.purpose)).toEqual(['control', 'heartbeat', 'worker 1', 'worker 2']);
    await untilIdle(db, 'f.sql');
  });

  test('lives on when its heartbeat thread dies', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker) => threads.push(thread);
    process.on('worker', note);
    const { lines } = await running(db, { leaseMs: 10_000 });
    await threads[0]?.terminate();
    const beatSince = (since: string) =>
      db.query('select from pgrelay.instance where alive and heartbeat_at > $1::timestamptz', [since]);
    const [now] = await db.query<{ at: string }>('select pgrelay.clock_now()::text as at');
    await until(async () => (await beatSince(now?.at ?? '')).length === 1, 'it beats again');
    process.off('worker', note);
    expect(threads).toHaveLength(2);
    expect(lines.join('')).not.toContain('declared dead');
  });

  test('tells the handlers of then, and stop() waits for the second attempt although the first has ended', async () => {
    const gates = [gate(), gate()];
    const signals: AbortSignal[] = [];
    const { processor, lines } = await running(db, {
      leaseMs: 1_000,
      handlers: [
        defineHandler('f.twice', async (_event, ctx) => {
          const mine = gates[signals.length];
          signals.push(ctx.signal);
          await mine?.opened;
        }),
        defineHandler('f.other', async () => undefined),
      ],
    });
    await client.notify('f.twice');
    await until(async () => signals.length === 1, 'the first attempt runs');
    await declareDead();
    await until(async () => signals.length === 2, 'the second attempt runs');
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    gates[0]?.open();
    await client.notify('f.other');
    await untilIdle(db, 'f.other');
    let stopped = false;
    const stopping = processor.stop().then(() => {
      stopped = true;
    });
    await until(async () => lines.some((line) => line.includes('Processor drains')), 'it drains');
    await expect(until(async () => stopped, 'it has stopped', 500)).rejects.toThrow();
    gates[1]?.open();
    await stopping;
    expect((await outcomes(db, 'f.twice')).map((row) => row.outcome)).toEqual(['lost', 'done']);
  });
});
