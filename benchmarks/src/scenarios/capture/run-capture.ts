import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { EnqueueLoad } from '../../contenders/enqueue-load.js';
import { type ClientFigures, measureClients } from '../../contenders/measure-clients.js';
import type { Arena } from '../../harness/engine.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import { ServedProcess } from '../../harness/served-process.js';
import { runFolder, sqlFile } from '../../harness/sql-files.js';
import { untilRefreshed } from '../../harness/until-refreshed.js';
import { type CaptureContender, mismatches } from './contender.js';

export const CLIENTS = 8;

/** One contender in one round. */
export interface CaptureFigures extends ClientFigures {
  /** Change rows a transaction. */
  readonly changes: number;
  /** What the ledger has against it. */
  readonly wrong: readonly string[];
}

const program = fileURLToPath(new URL('../../contenders/programs/enqueue-clients.js', import.meta.url));

/** Sets one way of noting changes up and lets eight clients write for some seconds. */
export async function runCapture(contender: CaptureContender, arena: Arena, seconds: number): Promise<CaptureFigures> {
  const { client, url, node } = arena;
  await setUp(contender, client);
  const processor = contender.processor ? await ProcessorProcess.start(url) : undefined;
  try {
    if (processor !== undefined) await untilRefreshed(client);
    await client.query(sqlFile('database/settle.sql'));
    const load: EnqueueLoad = {
      url,
      clients: CLIENTS,
      transaction: contender.shape.statements.map((name) => sqlFile(`enqueue/${name}.sql`)),
      value: '1',
    };
    const clients = await ServedProcess.start(node, program, load);
    try {
      const figures = await measureClients(clients, client, seconds);
      await processor?.stop();
      const { rows } = await client.query(sqlFile('capture/ledger.sql'));
      const changes = Number(rows[0]?.['changes']) / figures.everyTransaction;
      const wrong = mismatches(contender, figures.everyTransaction, rows[0] ?? {});
      return { ...figures, changes, wrong: [...wrong, ...(await unflagged(contender, client))] };
    } catch (error) {
      await clients.kill();
      throw error;
    }
  } finally {
    await processor?.stop();
  }
}

/** Tables, and what notes the changes to them. */
export async function setUp({ way, views }: CaptureContender, client: pg.Client): Promise<void> {
  await runFolder(client, 'capture/setup');
  if (way === 'capture') await client.query('select bench.watch_views($1)', [views]);
  if (way === 'dirty flag')
    for (const file of ['pattern', 'capture']) await client.query(sqlFile(`dirty-flag/${file}.sql`));
}

/** The pattern that is compared has done its work as well. */
async function unflagged({ way }: CaptureContender, client: pg.Client): Promise<string[]> {
  if (way !== 'dirty flag') return [];
  const { rows } = await client.query<{ flagged: number }>(sqlFile('capture/flagged.sql'));
  return rows[0]?.flagged === 1 ? [] : ['the dirty flag is not set'];
}
