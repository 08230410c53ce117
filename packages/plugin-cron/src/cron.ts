import { definePlugin } from '@pgrelay/relay-core';
import { JobDeclaration } from './job-declaration.js';
import type { CronOptions } from './options.js';
import { cronSql } from './sql-module.js';
import { forgetTask, tickTask } from './tasks.js';
import { validateOptions } from './validate-options.js';

/**
 * Recurring jobs: `plugins: [cron()]`. Made in SQL with pgrelay_cron.schedule(), or here with
 * `cron({ jobs: [{ name: 'tidy', spec: 'every 10 minutes', channel: 'tidy' }] })`. Every occurrence is an event like any
 * other, sent once, however many Processors there are.
 */
export const cron = definePlugin<CronOptions>({
  name: 'cron',
  version: '0.1.0',
  sql: cronSql,
  validate: validateOptions,
  setup(host, options) {
    const { jobs, removeUndeclared, lookEveryMs, keepRunsDays } = options;
    if (jobs.length > 0 || removeUndeclared) host.services.add(new JobDeclaration(host, options));
    host.tasks.add(tickTask(lookEveryMs));
    host.tasks.add(forgetTask(keepRunsDays));
  },
});
