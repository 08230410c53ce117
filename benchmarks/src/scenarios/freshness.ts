import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { type Arm, dirtyFlag, inTransaction, nothing, plainTimer, relay } from './freshness/arms.js';
import { judgeFreshness } from './freshness/judge-freshness.js';
import { runArm } from './freshness/run-arm.js';

const SIZE = { full: { orders: 20_000, seconds: 10 }, quick: { orders: 500, seconds: 1.5 } } as const;

const arms: readonly Arm[] = [nothing, relay(2), relay(0), dirtyFlag, plainTimer, inTransaction];

/** What the usual ways to keep a view fresh do to writers and readers, beside auto-mv in one run. */
export const freshness: Scenario = {
  name: 'freshness',
  title: 'Ways to keep a view fresh: what writers wait, how stale readers are, what it costs',

  run(context) {
    const size = context.quick ? SIZE.quick : SIZE.full;
    return withServer('bench-freshness', context, async (server) => {
      let facts: unknown;
      const rounds = await interleave(arms, context.rounds, (arm, round) =>
        withDatabase(server, 'relay', 'freshness', async (database) => {
          const figures = await runArm(database, arm, size);
          facts = await serverFacts(database.client);
          const { ms, never } = figures.staleness;
          const worst = (values: readonly number[]) => Math.max(0, ...values).toFixed(0);
          context.say(
            `round ${round + 1}, ${arm.name}: worst write ${worst(figures.written.ms)} ms, worst staleness ${worst(ms)} ms, ${never} never seen`,
          );
          return figures;
        }),
      );
      return { ...judgeFreshness(rounds, size.orders), server: facts };
    });
  },
};
