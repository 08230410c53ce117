import { fileURLToPath } from 'node:url';
import { ServedProcess } from '../harness/served-process.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Action } from './action.js';
import type { DrainContender } from './drain-contender.js';
import { loadInSteps } from './load-in-steps.js';
import { pgrelayEngine, untilProcessorsReady } from './pgrelay-engine.js';

const program = fileURLToPath(new URL('programs/handler-processor.js', import.meta.url));

/** A TypeScript handler in a composed Processor with its defaults, one process. */
export function pgrelayHandler(action: Action, mode: 'leased' | 'transactional', count: number): DrainContender {
  return {
    name: `pgrelay, ${mode === 'leased' ? 'leased handler' : 'handler with ctx.tx'}, 1 process`,
    settings: `Processor with one handler (mode: '${mode}'), defaults (1 worker)`,
    action,
    count,
    quickCount: mode === 'leased' ? 2_000 : 300,
    engine: pgrelayEngine,
    async load({ client }, events) {
      await client.query(sqlFile('drain/pgrelay/register.sql'), [null, mode, null]);
      await loadInSteps(client, sqlFile('drain/pgrelay/load.sql'), events - 1);
    },
    async start(arena) {
      const started = await ServedProcess.start(arena.node, program, { url: arena.url, action, mode });
      try {
        await untilProcessorsReady(arena, 1, () => undefined);
      } catch (error) {
        await started.kill();
        throw error;
      }
      return [started];
    },
    async go({ client }, _, events) {
      await client.query(sqlFile('drain/pgrelay/go.sql'), [String(events)]);
    },
    async handled([process]) {
      return process instanceof ServedProcess ? ((await process.call('handled')) as number) : undefined;
    },
  };
}
