import { run, runMigrations } from 'graphile-worker';
import { serve } from '../dist/harness/serve.js';

/**
 * graphile-worker with any settings and three tasks: one does nothing and notes when the first and the last job ran, one is never
 * done, and one updates a row.
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
    const hang = () => new Promise(() => undefined);
    const update = async (id, helpers) => {
      await helpers.query('update contention.stock set quantity = quantity + 1 where id = $1', [id]);
    };
    runner = await run({ preset, taskList: { drain, hang, update }, noHandleSignals: true });
  },
  seen: () => seen,
  stop: () => runner?.stop(),
});
