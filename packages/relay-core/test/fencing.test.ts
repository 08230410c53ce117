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
