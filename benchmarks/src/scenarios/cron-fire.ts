import { serverFacts } from '../harness/environment.js';
import { withRelayDatabase } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { judgeFires } from './cron-fire/judge-fires.js';
import { runFires } from './cron-fire/run-fires.js';

/** Whether every second fires, once and in time, whatever becomes of the Processors. */
export const cronFire: Scenario = {
  name: 'cron-fire',
  title: 'Every-second jobs with five Processors, one killed each 5 s, one with its clock an hour off',

  run(context) {
    return withRelayDatabase('bench-cron-fire', context, async (database) => {
      const figures = await runFires(database, context);
      return { ...judgeFires(figures, context), server: await serverFacts(database.client) };
    });
  },
};
