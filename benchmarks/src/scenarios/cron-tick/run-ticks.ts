import { setTimeout as pause } from 'node:timers/promises';
import { cron } from '@pgrelay/plugin-cron';
import { distribution } from '../../harness/distribution.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import { type Clock, TaskTicks } from '../../harness/task-ticks.js';

/** How the jobs are due: see sql/cron-tick/setup. */
export type Load = 'idle' | 'spread' | 'at once';

export interface TickFigures {
  readonly load: Load;
  readonly clock: Clock;
  readonly jobs: number;
  /** Server time of each tick, in ms, by round. */
  readonly ticks: readonly (readonly number[])[];
  /** `at once`: from the moment that all are due to the end of the tick that sent the last one, in ms. */
  readonly allSentMs: number | undefined;
  readonly ledger: Ledger;
  readonly wrong: readonly string[];
}

export interface Ledger {
  readonly sent: number;
  readonly twice: number;
  readonly silent: number;
  readonly late: number;
  readonly missed: number;
  readonly jobs: number;
}

const PATIENCE_MS = 300_000;

/** Schedules the jobs, and ticks as a Processor does while another one runs what is sent. */
export async function runTicks(
  { url, client }: RelayDatabase,
  load: Load,
  jobs: number,
  { rounds, quick, say }: ScenarioContext,
): Promise<TickFigures> {
  await runFolder(client, 'cron-tick/setup');
  // So many jobs are scheduled in well under half a minute; they must not be due before that.
  await client.query(sqlFile('cron-tick/schedule.sql'), [jobs, load, quick ? 2 : 60]);
  await client.query(sqlFile('database/settle.sql'));
  say(`${load}: ${jobs} jobs are scheduled`);
  const processor = await ProcessorProcess.start(url);
  const ticks = await TaskTicks.open(url, client, cron(), 'cron tick');
  try {
    const measured: number[][] = [];
    let allSentMs: number | undefined;
    if (load === 'at once') {
      const { costs, tookMs } = await tickUntilAllSent(ticks, client);
      measured.push(costs);
      allSentMs = tookMs;
    } else {
      await tickFor(ticks, quick ? 1 : 3); // plans are made, and what was due while the jobs were scheduled is sent
      for (let round = 1; round <= rounds; round += 1) measured.push(await tickFor(ticks, quick ? 3 : 20));
    }
    const { p50, p99, worst, count } = distribution(measured.flat());
    say(`${load}: ${count} ticks take ${p50} ms (p99 ${p99}, worst ${worst})`);
    const ledger = await ledgerOf(client);
    return {
      load,
      clock: ticks.clock,
      jobs,
      ticks: measured,
      allSentMs,
      ledger,
      wrong: mismatches(load, jobs, ledger),
    };
  } finally {
    await ticks.close();
    await processor.stop();
  }
}

/** What is not as the measurement supposes, in words. */
export function mismatches(load: Load, jobs: number, ledger: Ledger): string[] {
  const sent = load === 'idle' ? ledger.sent === 0 : load === 'spread' ? ledger.sent > 0 : ledger.sent === jobs;
  return [
    ...(ledger.jobs === jobs ? [] : [`${load}: ${ledger.jobs} jobs are scheduled, not ${jobs}`]),
    ...(sent ? [] : [`${load}: ${ledger.sent} occurrences were sent`]),
    ...(ledger.twice === 0 ? [] : [`${load}: ${ledger.twice} occurrences were sent twice`]),
    ...(ledger.missed === 0 ? [] : [`${load}: ${ledger.missed} misses were noted`]),
    ...(ledger.late === 0 ? [] : [`${load}: ${ledger.late} jobs are late by more than a minute`]),
    ...(load === 'at once' && ledger.silent > 0 ? [`${load}: ${ledger.silent} jobs sent nothing`] : []),
  ];
}

/** Ticks as often as the task itself asks for. */
async function tickFor(ticks: TaskTicks, seconds: number): Promise<number[]> {
  const costs: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const { serverMs, delayMs } = await ticks.run();
    costs.push(serverMs);
    await pause(delayMs);
  }
  return costs;
}

async function tickUntilAllSent(ticks: TaskTicks, client: RelayDatabase['client']) {
  const { rows } = await client.query<{ ms: number }>(sqlFile('cron-tick/until-due.sql'));
  const dueAt = performance.now() + (rows[0]?.ms ?? 0);
  await pause(Math.max(0, dueAt - performance.now() + 1));
  const costs: number[] = [];
  for (;;) {
    const { serverMs, delayMs } = await ticks.run();
    costs.push(serverMs);
    if (delayMs > 0) return { costs, tookMs: performance.now() - dueAt };
    if (performance.now() > dueAt + PATIENCE_MS) throw new Error('the jobs that were due at once are not all sent');
  }
}

async function ledgerOf(client: RelayDatabase['client']): Promise<Ledger> {
  const { rows } = await client.query<Ledger>(sqlFile('cron-tick/ledger.sql'));
  const [ledger] = rows;
  if (ledger === undefined) throw new Error('the server gave no ledger');
  return ledger;
}
