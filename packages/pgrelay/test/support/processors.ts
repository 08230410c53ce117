import { autoMv } from '@pgrelay/auto-mv';
import { cron } from '@pgrelay/plugin-cron';
import { http } from '@pgrelay/plugin-http';
import { Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { pino } from 'pino';
import { afterEach } from 'vitest';

const made: Processor[] = [];

/** Stops what a test left running. */
afterEach(async () => {
  await Promise.all(made.splice(0).map((processor) => processor.stop({ force: true })));
});

export interface Made {
  readonly processor: Processor;
  /** What it logged, at every level. */
  readonly lines: readonly string[];
  /** The lines from level error on. */
  readonly errors: () => string[];
}

/** A Processor with every plugin, not started yet. */
export function makeProcessor(connectionString: string, options: Partial<ProcessorOptions> = {}): Made {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const plugins = [autoMv(), http({ allowHttp: true, allowAddresses: ['127.0.0.1'] }), cron()];
  const processor = new Processor({ connectionString, log, plugins, pollIntervalMs: 20, leaseMs: 3_000, ...options });
  made.push(processor);
  return { processor, lines, errors: () => lines.filter((line) => /"level":(50|60)/.test(line)) };
}

/** A Processor with every plugin, at work. */
export async function startProcessor(connectionString: string, options: Partial<ProcessorOptions> = {}): Promise<Made> {
  const one = makeProcessor(connectionString, options);
  await one.processor.start();
  return one;
}
