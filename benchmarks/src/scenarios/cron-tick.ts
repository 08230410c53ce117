import { serverFacts } from '../harness/environment.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { judgeTicks } from './cron-tick/judge-ticks.js';
import { type Load, runTicks, type TickFigures } from './cron-tick/run-ticks.js';

const SETTINGS = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'top' };
const JOBS = { full: 10_000, quick: 300 } as const;
const loads: readonly Load[] = ['idle', 'spread', 'at once'];

/** What one look at the jobs costs the server when there are many. */
export const cronTick: Scenario = {
  name: 'cron-tick',
  title: `What a tick of cron costs with ${JOBS.full} jobs: idle, spread over ten minutes, and all at one moment`,

  run(context) {
    const jobs = context.quick ? JOBS.quick : JOBS.full;
    return withServer(
      'bench-cron-tick',
      context,
      async (server) => {
        const all: TickFigures[] = [];
        let facts: unknown;
        for (const [n, load] of loads.entries()) {
          await withDatabase(server, 'relay', `cron_tick_${n}`, async (database) => {
            all.push(await runTicks(database, load, jobs, context));
            facts = await serverFacts(database.client);
          });
        }
        return { ...judgeTicks(all, context), server: facts };
      },
      SETTINGS,
    );
  },
};
