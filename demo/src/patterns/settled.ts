import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { DemoError } from '../demo-error.js';

const PATIENCE_MS = 120_000;

/** Waits until the state row says that nothing is left to do. */
export async function untilSettled(client: pg.Client): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await client.query<{ settled: boolean }>('select settled from demo.state');
    if (rows[0]?.settled === true) return;
    if (Date.now() > deadline) throw new DemoError('The view was not refreshed within two minutes.');
    await pause(20);
  }
}
