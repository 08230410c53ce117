export { cron } from './cron.js';
export { type CronJob, type CronOptions, defaultCronOptions } from './options.js';
export { cronSql } from './sql-module.js';
