import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EnqueueLoad, EnqueueRun } from '../../contenders/enqueue-load.js';
import { type Distribution, distribution } from '../../harness/distribution.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import { ServedProcess } from '../../harness/served-process.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import { untilRefreshed } from '../../harness/until-refreshed.js';
import { type Clock, PlannerTicks } from './planner-ticks.js';

/** What the planner has to look at. */
export interface Registry {
  readonly name: string;
  /** Tables that are written, and views that read these and no others. */
  readonly sources: number;
  readonly dirtyViews: number;
  /** Tables that nobody writes, and views that read these. */
  readonly quietSources: number;
  readonly quietViews: number;
  /** Change rows that no refresh has served, before the ticks that are measured begin. */
  readonly unserved: number;
}

export interface PlanningFigures {
  readonly registry: Registry;
  readonly clock: Clock;
  /** Server time of one tick in ms, by round, with the writers, and one list without. */
  readonly busy: readonly (readonly number[])[];
  readonly alone: readonly number[];
  readonly writesPerSecond: readonly number[];
  readonly after: State;
  readonly wrong: readonly string[];
}

/** What the tables hold. */
export interface State {
  readonly changes: number;
  readonly sources: number;
  readonly views: number;
  readonly dirty: number;
  readonly requested: number;
}

export const WRITERS = 8;
const EVERY_MS = 250;
const WARM_TICKS = 3;
const PATIENCE_MS = 600_000;
const program = fileURLToPath(new URL('../../contenders/programs/enqueue-clients.js', import.meta.url));

/** Fills the change log, and plans every 250 ms while eight clients write without a pause, and while nobody writes. */
export async function runPlanning(
  { url, client }: RelayDatabase,
  registry: Registry,
  { rounds, quick, say }: ScenarioContext,
): Promise<PlanningFigures> {
  await prepare(url, client, registry);
  say(`${registry.name}: the views are registered and have their first contents`);
  await fill(url, client, registry, quick);
  await client.query(sqlFile('database/settle.sql'));
  const ticks = await PlannerTicks.open(url, client);
  const seconds = quick ? 1 : 10;
  const count = (seconds * 1_000) / EVERY_MS;
  try {
    for (let n = 0; n < WARM_TICKS; n += 1) await ticks.tick();
    const alone = await tickRegularly(ticks, count);
    const writers = await startWriters(url, 'write-one', registry.sources);
    const busy: number[][] = [];
    const writesPerSecond: number[] = [];
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const writing = writers.call('run', seconds + 1) as Promise<EnqueueRun>;
        const measured = await tickRegularly(ticks, count);
        const { transactions, seconds: took } = await writing;
        busy.push(measured);
        writesPerSecond.push(transactions / took);
        say(
          `${registry.name}, round ${round}: ${tell(distribution(measured))}, ${(transactions / took).toFixed(0)} writes/s`,
        );
      }
    } finally {
      await writers.stop();
    }
    const after = await stateOf(client);
    return { registry, clock: ticks.clock, busy, alone, writesPerSecond, after, wrong: mismatches(registry, after) };
  } finally {
    await ticks.close();
  }
}

/** What is not as the measurement supposes, in words. */
export function mismatches(registry: Registry, { changes, sources, views, dirty, requested }: State): string[] {
  const { name, unserved, dirtyViews, quietViews } = registry;
  return [
    ...(changes >= unserved ? [] : [`${name}: ${changes} change rows wait, and should be at least ${unserved}`]),
    ...(sources === registry.sources ? [] : [`${name}: changes of ${sources} tables wait, not of ${registry.sources}`]),
    ...(views === dirtyViews + quietViews ? [] : [`${name}: ${views} views are registered`]),
    ...(dirty === dirtyViews ? [] : [`${name}: ${dirty} views are dirty, and should be ${dirtyViews}`]),
    ...(requested === 0 ? [] : [`${name}: ${requested} refreshes were asked for, so not all was left unserved`]),
  ];
}

const tell = ({ p50, p99, worst }: Distribution): string => `a tick takes ${p50} ms (p99 ${p99}, worst ${worst})`;

async function prepare(url: string, client: RelayDatabase['client'], registry: Registry): Promise<void> {
  const { sources, quietSources, dirtyViews, quietViews } = registry;
  await runFolder(client, 'planning/setup');
  await client.query('select bench.make_sources(1, $1)', [sources + quietSources]);
  await client.query('select bench.make_views(1, $1, 1, $2)', [dirtyViews, sources]);
  if (quietViews > 0) {
    const from = [dirtyViews + 1, quietViews, sources + 1, quietSources];
    await client.query('select bench.make_views($1, $2, $3, $4)', from);
  }
  const processor = await ProcessorProcess.start(url);
  try {
    await untilRefreshed(client, PATIENCE_MS);
  } finally {
    await processor.stop();
  }
}

async function fill(url: string, client: RelayDatabase['client'], registry: Registry, quick: boolean): Promise<void> {
  const writers = await startWriters(url, 'write-all', registry.sources);
  try {
    for (;;) {
      await writers.call('run', quick ? 0.2 : 2);
      const { rows } = await client.query<{ changes: number }>(sqlFile('planning/count.sql'));
      if ((rows[0]?.changes ?? 0) >= registry.unserved) return;
    }
  } finally {
    await writers.stop();
  }
}

function startWriters(url: string, what: 'write-all' | 'write-one', sources: number): Promise<ServedProcess> {
  const load: EnqueueLoad = {
    url,
    clients: WRITERS,
    transaction: [sqlFile(`planning/${what}.sql`)],
    value: String(sources),
  };
  return ServedProcess.start(process.execPath, program, load);
}

async function tickRegularly(ticks: PlannerTicks, count: number): Promise<number[]> {
  const costs: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const next = performance.now() + EVERY_MS;
    costs.push(await ticks.tick());
    await pause(Math.max(0, next - performance.now()));
  }
  return costs;
}

async function stateOf(client: RelayDatabase['client']): Promise<State> {
  const { rows } = await client.query<State>(sqlFile('planning/unserved.sql'));
  const [state] = rows;
  if (state === undefined) throw new Error('the server gave no state');
  return state;
}
