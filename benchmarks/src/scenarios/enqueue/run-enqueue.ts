import type { EnqueueRun } from '../../contenders/enqueue-load.js';
import type { Arena } from '../../harness/engine.js';
import { cpuMs } from '../../harness/process-facts.js';
import { ServerCpuMeter } from '../../harness/server-cpu.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { EnqueueContender } from './enqueue-contender.js';

/** One contender in one round. */
export interface EnqueueFigures {
  readonly transactions: number;
  readonly perSecond: number;
  readonly eventsPerSecond: number;
  /** CPU time a transaction, in µs: of the sessions, and of the clients. Undefined: a server elsewhere. */
  readonly sessionMicros: number | undefined;
  readonly clientMicros: number;
  /** What the ledger has against it. */
  readonly wrong: readonly string[];
}

/** Lets producers in a process of their own run a transaction for some seconds, after a tenth of it that is not counted. */
export async function runEnqueue(contender: EnqueueContender, arena: Arena, seconds: number): Promise<EnqueueFigures> {
  const { client } = arena;
  await client.query(sqlFile(`enqueue/${contender.engine.name}.sql`));
  if (contender.trigger !== undefined) await client.query(sqlFile(`enqueue/${contender.trigger}.sql`));
  await client.query(sqlFile('database/settle.sql'));
  const process = await contender.start(arena);
  try {
    const warm = (await process.call('run', seconds / 10)) as EnqueueRun;
    const meter = await ServerCpuMeter.on(client);
    const before = { sessions: meter?.read().sessions, clients: cpuMs(process.pid).own };
    const run = (await process.call('run', seconds)) as EnqueueRun;
    const after = { sessions: meter?.read().sessions, clients: cpuMs(process.pid).own };
    await process.stop();
    const micros = (ms: number) => Math.round((ms * 10_000) / run.transactions) / 10;
    return {
      transactions: run.transactions,
      perSecond: run.transactions / run.seconds,
      eventsPerSecond: (run.transactions * contender.events) / run.seconds,
      sessionMicros:
        before.sessions === undefined || after.sessions === undefined
          ? undefined
          : micros(after.sessions - before.sessions),
      clientMicros: micros(after.clients - before.clients),
      wrong: await checkLedger(contender, client, warm.transactions + run.transactions),
    };
  } catch (error) {
    await process.kill();
    throw error;
  }
}

async function checkLedger(
  { engine, events, orders }: EnqueueContender,
  client: Arena['client'],
  transactions: number,
): Promise<string[]> {
  const { rows } = await client.query(sqlFile(`enqueue/ledger-${engine.name}.sql`));
  const wanted = { events: events * transactions, orders: orders * transactions };
  return Object.entries(wanted)
    .filter(([what, count]) => rows[0]?.[what] !== count)
    .map(([what, count]) => `${transactions} transactions should leave ${count} ${what}, there are ${rows[0]?.[what]}`);
}
