import { serverFacts } from '../harness/environment.js';
import { withRelayDatabase } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { judgePhases } from './change-log/judge-phases.js';
import { runPhases } from './change-log/run-phases.js';

const CHANGES = { full: 300_000, quick: 2_000 } as const;

/** How large the change log gets, above all while a session holds an old snapshot. */
export const changeLog: Scenario = {
  name: 'change-log',
  title: 'How large the change log gets while another session holds an old snapshot',

  run(context) {
    const { quick, say } = context;
    return withRelayDatabase('bench-change-log', context, async (database) => {
      const phases = await runPhases(database, quick ? CHANGES.quick : CHANGES.full, quick, say);
      return { ...judgePhases(phases, context), server: await serverFacts(database.client) };
    });
  },
};
