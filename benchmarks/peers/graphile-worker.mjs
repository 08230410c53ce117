import { run, runMigrations } from 'graphile-worker';
import { serve } from '../dist/harness/serve.js';

/** graphile-worker with one task. `best`: the settings with which it was fastest on a 2-core machine. */
const { url: connectionString, best, action } = JSON.parse(process.argv[2] ?? '');
let runner;
let handled = 0;

const settings = { concurrentJobs: 1000, localQueue: { size: 5000 }, completeJobBatchDelay: 0, maxPoolSize: 10 };
const preset = { worker: { connectionString, ...(best ? settings : {}) } };

const tasks = {
  'no-op': () => {
    handled += 1;
  },
  'one-row': async (n, helpers) => {
    handled += 1;
    await helpers.query('insert into bench.effect (n) values ($1)', [n]);
  },
};

serve({
  migrate: () => runMigrations({ preset }),
  go: async () => {
    runner = await run({ preset, taskList: { drain: tasks[action] }, noHandleSignals: true });
  },
  handled: () => handled,
  stop: () => runner?.stop(),
});
