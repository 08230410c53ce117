import { CommandProcess } from '../harness/command-process.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Action } from './action.js';
import type { DrainContender } from './drain-contender.js';
import { loadInSteps } from './load-in-steps.js';
import { pgrelayCommand, pgrelayEngine, untilProcessorsReady } from './pgrelay-engine.js';

/** A SQL channel, drained by `npx pgrelay start` as it comes: one process, or several on a channel with parallel batches. */
export function pgrelaySql(action: Action, processes: number): DrainContender {
  const parallel = processes > 1;
  return {
    name: `pgrelay, SQL action, ${processes} process${parallel ? 'es' : ''}`,
    settings: `npx pgrelay start, defaults (1 worker)${parallel ? '; channel registered with p_parallel => true' : ''}`,
    action,
    count: 500_000,
    quickCount: 5_000,
    engine: pgrelayEngine,
    async load({ client }, count) {
      const text = sqlFile(`drain/pgrelay/${action}.sql`);
      await client.query(sqlFile('drain/pgrelay/register.sql'), [text, null, parallel]);
      await loadInSteps(client, sqlFile('drain/pgrelay/load.sql'), count - 1);
    },
    async start(arena) {
      const env = { DATABASE_URL: arena.url };
      const started = Array.from(
        { length: processes },
        () => new CommandProcess(arena.node, pgrelayCommand, ['start'], env),
      );
      try {
        await untilProcessorsReady(arena, processes, () => {
          for (const process of started) process.check();
        });
      } catch (error) {
        for (const process of started) await process.kill();
        throw error;
      }
      return started;
    },
    async go({ client }, _, count) {
      await client.query(sqlFile('drain/pgrelay/go.sql'), [String(count)]);
    },
    async handled() {
      return undefined;
    },
  };
}
