export { checkJobs } from './check-jobs.js';
export { cron } from './cron.js';
export { describeChange } from './describe-change.js';
export type { JobChange } from './job-change.js';
export { type CronJob, type CronOptions, defaultCronOptions } from './options.js';
export { cronSql } from './sql-module.js';
export { planJobs, type SyncOptions, syncJobs } from './sync-jobs.js';
