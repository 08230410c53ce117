import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { EnqueueLoad } from '../../contenders/enqueue-load.js';
import { HeldSnapshot } from '../../harness/held-snapshot.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { ServedProcess } from '../../harness/served-process.js';
import { spread } from '../../harness/spread.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import { untilRefreshed } from '../../harness/until-refreshed.js';
import { PlannerTicks } from '../planning/planner-ticks.js';

/** The change log at one moment: pages of 8 kB, rows that no refresh has served, rows of the table that is written. */
export interface Look {
  readonly heap: number;
  readonly index: number;
  readonly waiting: number;
  readonly written: number;
  /** Whether get_mv_problems() says that it is too large. */
  readonly reported: boolean;
}

export interface Phase {
  readonly name: string;
  readonly before: Look;
  /** When every change is served and cleaned up, after a vacuum. */
  readonly after: Look;
  /** The most pages that it had meanwhile, before a vacuum. */
  readonly mostPages: number;
  /** What a look of the planner takes at the end, in ms of server time; median. */
  readonly tickMs: number;
}

const CLIENTS = 8;
const TICKS = 9;
const PATIENCE_MS = 300_000;
const LOOK_MS = 100;
const program = fileURLToPath(new URL('../../contenders/programs/enqueue-clients.js', import.meta.url));

/** Writes so many changes three times: with nothing in the way, while another session holds a snapshot, and after that. */
export async function runPhases(
  { url, client }: RelayDatabase,
  changes: number,
  quick: boolean,
  say: (text: string) => void,
): Promise<readonly Phase[]> {
  await runFolder(client, 'change-log/setup');
  const processor = await ProcessorProcess.start(url);
  const ticks = await PlannerTicks.open(url, client);
  const load: EnqueueLoad = { url, clients: CLIENTS, transaction: [sqlFile('enqueue/order.sql')], value: '1' };
  const writers = await ServedProcess.start(process.execPath, program, load);
  const phase = async (name: string): Promise<Phase> => {
    const result = await runPhase(name, client, writers, ticks, changes, quick);
    const { after, mostPages } = result;
    say(`${name}: ${after.heap} + ${after.index} pages after it, ${mostPages} at most, ${after.waiting} rows wait`);
    return result;
  };
  try {
    await untilRefreshed(client);
    const free = await phase('nothing in the way');
    const snapshot = await HeldSnapshot.take(url);
    const held = await phase('a snapshot is held').finally(() => snapshot.release());
    await client.query(sqlFile('change-log/vacuum.sql'));
    return [free, held, await phase('it is held no more')];
  } finally {
    await writers.stop();
    await ticks.close();
    await processor.stop();
  }
}

async function runPhase(
  name: string,
  client: pg.Client,
  writers: ServedProcess,
  ticks: PlannerTicks,
  changes: number,
  quick: boolean,
): Promise<Phase> {
  const before = await look(client);
  let mostPages = 0;
  for (let now = before; now.written - before.written < changes; ) {
    await writers.call('run', quick ? 0.2 : 2);
    now = await look(client);
    mostPages = Math.max(mostPages, now.heap + now.index);
    await client.query(sqlFile('change-log/vacuum.sql'));
  }
  await untilServed(client);
  await client.query(sqlFile('change-log/vacuum.sql'));
  const costs: number[] = [];
  for (let n = 0; n < TICKS; n += 1) costs.push(await ticks.tick());
  return { name, before, after: await look(client), mostPages, tickMs: spread(costs).median };
}

/** Until every change has been served and cleaned up. */
async function untilServed(client: pg.Client): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { waiting } = await look(client);
    if (waiting === 0) return;
    if (performance.now() > end) throw new Error(`${waiting} change rows are still there after ${PATIENCE_MS} ms`);
    await pause(LOOK_MS);
  }
}

async function look(client: pg.Client): Promise<Look> {
  const { rows } = await client.query<Look>(sqlFile('change-log/look.sql'));
  const [found] = rows;
  if (found === undefined) throw new Error('the server gave no look');
  return found;
}
