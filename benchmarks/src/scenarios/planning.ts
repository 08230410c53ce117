import { serverFacts } from '../harness/environment.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { judgePlanning } from './planning/judge-planning.js';
import { type PlanningFigures, type Registry, runPlanning } from './planning/run-planning.js';

const SETTINGS = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'top' };

const registries: readonly Registry[] = [
  { name: '12 sources', sources: 12, dirtyViews: 36, quietSources: 0, quietViews: 0, unserved: 300_000 },
  { name: '500 views', sources: 20, dirtyViews: 50, quietSources: 180, quietViews: 450, unserved: 300_000 },
];

const small: readonly Registry[] = [
  { name: '12 sources', sources: 12, dirtyViews: 12, quietSources: 0, quietViews: 0, unserved: 2_000 },
  { name: 'some views', sources: 4, dirtyViews: 6, quietSources: 8, quietViews: 18, unserved: 2_000 },
];

/** What one look of the planner costs the server when much is unserved, and when many views are registered. */
export const planning: Scenario = {
  name: 'planning',
  title: 'What a tick of the planner costs, with 300,000 changes unserved and with 500 views',

  run(context) {
    return withServer(
      'bench-planning',
      context,
      async (server) => {
        const all: PlanningFigures[] = [];
        let facts: unknown;
        for (const [n, registry] of (context.quick ? small : registries).entries()) {
          await withDatabase(server, 'relay', `planning_${n}`, async (database) => {
            all.push(await runPlanning(database, registry, context));
            facts = await serverFacts(database.client);
          });
        }
        return { ...judgePlanning(all, context), server: facts };
      },
      SETTINGS,
    );
  },
};
