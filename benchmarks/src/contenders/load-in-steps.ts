import type pg from 'pg';

/** How many events one statement enqueues while a queue is filled. */
const STEP = 10_000;

/** Runs a statement whose parameters are the first and the last number of a step, until `count` is reached. */
export async function loadInSteps(client: pg.Client, text: string, count: number): Promise<void> {
  for (let first = 1; first <= count; first += STEP) {
    await client.query(text, [first, Math.min(count, first + STEP - 1)]);
  }
}
