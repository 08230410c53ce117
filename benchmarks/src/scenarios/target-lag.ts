import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { judgeTargetLag } from './target-lag/judge-target-lag.js';
import { bursty, steady } from './target-lag/load.js';
import { type Case, runLoad, TARGET_S } from './target-lag/run-load.js';

const SIZE = { full: { orders: 20_000, seconds: 60 }, quick: { orders: 500, seconds: 3 } } as const;

const cases: readonly Case[] = [steady, bursty].flatMap((load) => [
  { name: `a target of ${TARGET_S} s`, target: true, load },
  { name: 'the published times', target: false, load },
]);

/** What a target costs and keeps, under constant writes and bursts, beside the published times. */
export const targetLag: Scenario = {
  name: 'target-lag',
  title: 'A view with a target lag: how stale it is, how often it is refreshed, what that costs',

  run(context) {
    const size = context.quick ? SIZE.quick : SIZE.full;
    return withServer('bench-target-lag', context, async (server) => {
      let facts: unknown;
      const rounds = await interleave(cases, context.rounds, (of, round) =>
        withDatabase(server, 'relay', 'target_lag', async (database) => {
          const figures = await runLoad(database, of, size);
          facts = await serverFacts(database.client);
          context.say(
            `round ${round + 1}, ${of.name}, ${of.load.name}: ${figures.refreshes} refreshes, worst staleness ${Math.max(0, ...figures.staleness.ms).toFixed(0)} ms`,
          );
          return figures;
        }),
      );
      return { ...judgeTargetLag(rounds, size.orders, context.quick), server: facts };
    });
  },
};
