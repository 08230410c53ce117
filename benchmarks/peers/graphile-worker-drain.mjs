import { run, runMigrations } from 'graphile-worker';
import { serve } from '../dist/harness/serve.js';

/**
 * graphile-worker with any settings and two tasks: one does nothing and notes when the first and the last job ran, the other is
 * never done.
 */
const { url: connectionString, settings } = JSON.parse(process.argv[2] ?? '');
const preset = { worker: { connectionString, ...settings } };
const seen = { handled: 0, began: 0, ended: 0 };
let runner;

serve({
  migrate: () => runMigrations({ preset }),
  go: async () => {
    const drain = () => {
      seen.ended = performance.now();
      seen.began ||= seen.ended;
      seen.handled += 1;
    };
    runner = await run({
      preset,
      taskList: { drain, hang: () => new Promise(() => undefined) },
      noHandleSignals: true,
    });
  },
  seen: () => seen,
  stop: () => runner?.stop(),
});
