import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../harness/connect.js';

/** How long into the refresh the migration comes, and how long after it the reader, in ms. */
const INTO_MS = 1_000;
const BEHIND_MS = 50;

/** How long the two had to wait, in ms. */
export interface Waits {
  readonly alter: number;
  readonly read: number;
}

/** Once a refresh is under way: an ALTER TABLE on what it reads, and a reader of that table behind it. */
export async function measureWaits(url: string): Promise<Waits> {
  const clients = await Promise.all(['migration', 'reader'].map((name) => connect(url, `benchmark ${name}`)));
  const [migration, reader] = clients;
  if (migration === undefined || reader === undefined) throw new Error('two connections were asked for');
  try {
    for (;;) {
      const { rows } = await reader.query<{ yes: boolean }>('select polite.refreshing() as yes');
      if (rows[0]?.yes) break;
      await pause(20);
    }
    await pause(INTO_MS);
    const alter = timed(migration.query('select polite.alter_orders()'));
    await pause(BEHIND_MS);
    const read = timed(reader.query('select polite.read_orders()'));
    return { alter: await alter, read: await read };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function timed(statement: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await statement;
  return performance.now() - began;
}
