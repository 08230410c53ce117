import { type ClientFigures, measureClients } from '../../contenders/measure-clients.js';
import type { Arena } from '../../harness/engine.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { EnqueueContender } from './enqueue-contender.js';

/** One contender in one round. */
export interface EnqueueFigures extends ClientFigures {
  readonly eventsPerSecond: number;
  /** What the ledger has against it. */
  readonly wrong: readonly string[];
}

/** Lets producers in a process of their own run a transaction for some seconds. */
export async function runEnqueue(contender: EnqueueContender, arena: Arena, seconds: number): Promise<EnqueueFigures> {
  const { client } = arena;
  await client.query(sqlFile(`enqueue/${contender.engine.name}.sql`));
  if (contender.trigger !== undefined) await client.query(sqlFile(`enqueue/${contender.trigger}.sql`));
  await client.query(sqlFile('database/settle.sql'));
  const process = await contender.start(arena);
  try {
    const figures = await measureClients(process, client, seconds);
    return {
      ...figures,
      eventsPerSecond: figures.perSecond * contender.events,
      wrong: await checkLedger(contender, client, figures.everyTransaction),
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
