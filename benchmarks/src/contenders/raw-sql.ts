import { fileURLToPath } from 'node:url';
import type { Engine } from '../harness/engine.js';
import { limits } from '../harness/references.js';
import { ServedProcess } from '../harness/served-process.js';
import { sqlFile } from '../harness/sql-files.js';
import type { DrainContender } from './drain-contender.js';
import { loadInSteps } from './load-in-steps.js';
import { pgrelayEngine } from './pgrelay-engine.js';

const program = fileURLToPath(new URL('programs/raw-drain.js', import.meta.url));

const rawEngine: Engine = {
  name: 'raw',
  async prepare(arena) {
    await pgrelayEngine.prepare(arena);
    await arena.client.query(sqlFile('drain/raw/tables.sql'));
  },
};

/** What the server alone can do: delete rows in batches and write their audit rows, with nothing else around it. */
export function rawSql(connections: 1 | 2): DrainContender {
  return {
    name: `SQL alone, ${connections} connection${connections > 1 ? 's' : ''}`,
    settings: 'batches of 500 by ctid, FOR UPDATE SKIP LOCKED, audit rows in the same statement; no action',
    action: 'no-op',
    reference: connections === 1 ? limits.drain1 : limits.drain2,
    count: 600_000,
    quickCount: 5_000,
    engine: rawEngine,
    load: ({ client }, count) => loadInSteps(client, sqlFile('drain/raw/load.sql'), count),
    start: async ({ url, node }) => [await ServedProcess.start(node, program, { url, connections })],
    async go(_, [process]) {
      await (process as ServedProcess).call('go');
    },
    handled: async () => undefined,
  };
}
