import { setTimeout as pause } from 'node:timers/promises';
import { RelayError } from '@pgrelay/relay-sql';
import pg from 'pg';
import { pino } from 'pino';
import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { Explanation } from '../explanation.js';
import type { ProcessorOptions } from '../options.js';
import { Processor } from '../processor.js';
import { type LogRow, testCalls } from './calls.js';

export interface RunUntilIdleOptions {
  /** Only these channels have to be idle. Default: all. */
  readonly channels?: readonly string[];
  /** Lets delayed events run now, those that the run itself delays as well. Default: false; a moved clock does it, too. */
  readonly withDelayed?: boolean;
  /** For how long, in ms. Default: 10000. */
  readonly timeoutMs?: number;
}

export const defaultRunUntilIdleOptions = { withDelayed: false, timeoutMs: 10_000 } as const;

/** Events of a channel that nobody runs, and why: what `pgrelay.explain_event` says of one of them. */
export interface LeftEvents {
  readonly channel: string;
  readonly events: number;
  readonly reasons: readonly Explanation[];
}

export interface RunReport extends Readonly<Record<LogRow['outcome'], number>> {
  /** Events that are ready, or due, and will not run as things are: their channel is paused, or nobody serves it. */
  readonly left: readonly LeftEvents[];
}

/** Why an event waits though a Processor lives, with nothing to be waited for. */
const forGood = new Set([
  'channel_paused',
  'channel_disabled',
  'breaker_open',
  'no_handler',
  'no_processor',
  'action_missing',
  'unknown_node',
  'standby',
]);

/**
 * Runs a Processor until no event is left that could run: none that is ready or due, and none that those have sent. Returns how many attempts
 * ended how. With the options of a Processor one is started for it and stopped again. One of your own needs `db` beside it; it is
 * started if it was not, and left running. The login needs the roles pgrelay_processor and pgrelay_viewer (and pgrelay_admin for
 * `withDelayed`).
 * @throws RelayError RELAY_TEST_NOT_IDLE when something still runs or waits after `timeoutMs`: it names the events and why
 */
export async function runUntilIdle(target: ProcessorOptions, options?: RunUntilIdleOptions): Promise<RunReport>;
export async function runUntilIdle(
  target: Processor,
  options: RunUntilIdleOptions & { readonly db: Queryable },
): Promise<RunReport>;
export async function runUntilIdle(
  target: Processor | ProcessorOptions,
  options: RunUntilIdleOptions & { readonly db?: Queryable } = {},
): Promise<RunReport> {
  if (target instanceof Processor) {
    if (options.db === undefined)
      throw new RelayError('RELAY_OPTION_INVALID', 'option db is missing', {
        hint: 'Give a connection to the same database: runUntilIdle(processor, { db }).',
      });
    return untilIdle(target, options.db, options);
  }
  const processor = new Processor({ pollIntervalMs: 20, log: pino({ level: 'silent' }), ...target });
  const client = new pg.Client({ connectionString: target.connectionString, application_name: 'pgrelay testing' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await untilIdle(processor, client, options);
  } finally {
    await processor.stop().finally(() => client.end());
  }
}

async function untilIdle(processor: Processor, db: Queryable, options: RunUntilIdleOptions): Promise<RunReport> {
  const { withDelayed, timeoutMs } = { ...defaultRunUntilIdleOptions, ...options };
  const channels = options.channels ?? null;
  const since = await testCalls.now(db);
  await processor.start();
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const hurried = withDelayed ? await testCalls.hurry(db, channels) : 0;
    const open = await testCalls.open(db, channels);
    const left = await Promise.all(
      open.map(
        async ({ channel, events, id }): Promise<LeftEvents> => ({
          channel,
          events,
          reasons: await gateway.explain(db, id),
        }),
      ),
    );
    if (hurried === 0 && left.every(({ reasons }) => reasons.some(({ reason }) => forGood.has(reason))))
      return { ...(await ended(db, channels, since)), left };
    if (performance.now() > deadline) throw notIdle(timeoutMs, left);
    await pause(10);
  }
}

async function ended(db: Queryable, channels: readonly string[] | null, since: string) {
  const counts = { done: 0, retried: 0, failed: 0, cancelled: 0, snoozed: 0, lost: 0 };
  for (const { outcome, n } of await testCalls.ended(db, channels, since)) counts[outcome] = n;
  return counts;
}

function notIdle(timeoutMs: number, left: readonly LeftEvents[]): RelayError {
  const lines = left.map(({ channel, events, reasons }) => {
    const why = reasons.map(({ reason, evidence }) => `${reason}: ${evidence}`).join('; ');
    return `\n  ${channel}: ${events} event${events === 1 ? '' : 's'}, one of them ${why}`;
  });
  return new RelayError('RELAY_TEST_NOT_IDLE', `events still run or wait after ${timeoutMs} ms:${lines.join('')}`, {
    hint: 'A handler may hang, or send itself an event each time. Give more time with timeoutMs.',
  });
}
