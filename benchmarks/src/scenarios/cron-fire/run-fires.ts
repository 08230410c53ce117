import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CommandProcess } from '../../harness/command-process.js';
import { startBinary } from '../../harness/engine-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';

export interface FireFigures {
  readonly jobs: number;
  readonly seconds: number;
  readonly kills: number;
  readonly ledger: Ledger;
  /** After its second: when each occurrence was sent, and when its run began, in ms. */
  readonly sent: readonly number[];
  readonly started: readonly number[];
}

export interface Ledger {
  readonly ran: number;
  readonly twice: number;
  readonly missing: number;
  readonly other: number;
}

const PROCESSORS = 5;
const JOBS = 10;
const SECONDS = { full: 600, quick: 15 } as const;
/** Until the first second: five processes have to start. */
const LEAD_SECONDS = 3;
const KILL_EVERY_MS = 5_000;
const PATIENCE_MS = 60_000;
const shiftClock = fileURLToPath(new URL('../../../fixtures/shift-clock.cjs', import.meta.url));

/** Runs every-second jobs while one Processor after the other is killed and started again. */
export async function runFires({ url, client }: RelayDatabase, { quick, say }: ScenarioContext): Promise<FireFigures> {
  const seconds = quick ? SECONDS.quick : SECONDS.full;
  await runFolder(client, 'cron-fire/setup');
  const start = (number: number): Promise<CommandProcess> =>
    startBinary(url, client, number === 0 ? { env: { NODE_OPTIONS: `--require ${shiftClock}` } } : {});
  const processors: CommandProcess[] = [];
  let kills = 0;
  try {
    for (let number = 0; number < PROCESSORS; number += 1) processors.push(await start(number));
    await client.query(sqlFile('cron-fire/schedule.sql'), [JOBS, seconds, LEAD_SECONDS]);
    const end = performance.now() + (LEAD_SECONDS + seconds) * 1_000;
    let next = performance.now() + LEAD_SECONDS * 1_000;
    while (next < end) {
      await pause(Math.max(0, next - performance.now()));
      const victim = kills % PROCESSORS;
      await processors[victim]?.kill();
      processors[victim] = await start(victim);
      kills += 1;
      next += KILL_EVERY_MS;
      if (kills % 12 === 0) say(`${kills} kills`);
    }
    await untilOver(client, end + PATIENCE_MS);
    return { jobs: JOBS, seconds, kills, ledger: await ledgerOf(client, seconds), ...(await delaysOf(client)) };
  } finally {
    await Promise.all(processors.map((processor) => processor.kill()));
  }
}

async function untilOver(client: RelayDatabase['client'], deadline: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ left: number }>(sqlFile('cron-fire/left.sql'));
    if (rows[0]?.left === 0) return;
    if (performance.now() > deadline) return; // the ledger says what is missing
    await pause(200);
  }
}

async function ledgerOf(client: RelayDatabase['client'], seconds: number): Promise<Ledger> {
  const { rows } = await client.query<Ledger>(sqlFile('cron-fire/ledger.sql'), [JOBS, seconds]);
  const [ledger] = rows;
  if (ledger === undefined) throw new Error('the server gave no ledger');
  return ledger;
}

async function delaysOf(client: RelayDatabase['client']): Promise<Pick<FireFigures, 'sent' | 'started'>> {
  const { rows } = await client.query<{ sent: number; started: number }>(sqlFile('cron-fire/delays.sql'));
  return { sent: rows.map(({ sent }) => sent), started: rows.map(({ started }) => started) };
}
