import { run, runMigrations } from 'graphile-worker';
import { serve } from '../dist/harness/serve.js';
import { Starts } from '../dist/scenarios/latency/starts.js';

/** graphile-worker with the settings that were its best, whose task notes when it starts. */
const { url: connectionString } = JSON.parse(process.argv[2] ?? '');
const settings = { concurrentJobs: 1000, localQueue: { size: 5000 }, completeJobBatchDelay: 0, maxPoolSize: 10 };
const preset = { worker: { connectionString, ...settings } };
const starts = new Starts();

await runMigrations({ preset });
const runner = await run({ preset, taskList: { latency: ({ n }) => starts.note(n) }, noHandleSignals: true });
serve({ starts: () => starts.taken(), stop: () => runner.stop() });
