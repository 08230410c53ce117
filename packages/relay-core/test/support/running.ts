import { Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { type TestDatabase, until } from '@pgrelay/test-support';
import { afterEach } from 'vitest';
import { logLines } from './log-lines.js';

const started: Processor[] = [];

/** Stops what a test left running. */
afterEach(async () => {
  await Promise.all(started.splice(0).map((processor) => processor.stop()));
});

/** Starts a Processor that looks for work often; its log lines can be read. */
export async function running(db: TestDatabase, options: Partial<ProcessorOptions> = {}) {
  const { log, lines } = logLines();
  const processor = new Processor({ connectionString: db.url, log, pollIntervalMs: 20, ...options });
  started.push(processor);
  await processor.start();
  return { processor, lines };
}

/** Until no event of these channels waits or runs. */
export async function untilIdle(db: TestDatabase, ...channels: string[]): Promise<void> {
  await until(
    async () => (await db.query('select from pgrelay.events where channel = any ($1)', [channels])).length === 0,
    `${channels} are idle`,
  );
}

export function outcomes(db: TestDatabase, channel: string) {
  return db.query<{ outcome: string; attempt: number; sqlstate: string | null; code: string | null }>(
    'select outcome, attempt, sqlstate, code from pgrelay.log where channel = $1 order by finished_at, event_id',
    [channel],
  );
}
