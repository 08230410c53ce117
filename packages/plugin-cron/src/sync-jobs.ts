import type { Queryable } from '@pgrelay/relay-core';
import { checkJobs } from './check-jobs.js';
import { cronGateway } from './cron-gateway.js';
import type { JobChange } from './job-change.js';
import { type CronJob, defaultCronOptions } from './options.js';

export interface SyncOptions {
  /** Whose jobs these are. Default: `default`. */
  readonly app?: string;
  /** Remove jobs that the app declared once and declares no more. Default: false. */
  readonly remove?: boolean;
}

/**
 * What syncing the jobs would do; changes nothing. The login needs role pgrelay_processor.
 * @throws RelayError PLUGIN_CRON_OPTION_INVALID, PLUGIN_CRON_SPEC_INVALID, PLUGIN_CRON_ARGUMENT_INVALID
 */
export async function planJobs(
  db: Queryable,
  jobs: readonly CronJob[],
  { app = defaultCronOptions.app }: Pick<SyncOptions, 'app'> = {},
): Promise<readonly JobChange[]> {
  checkJobs(jobs);
  return await cronGateway.planJobs(db, app, jobs);
}

/**
 * Creates and changes jobs as they are declared, all or nothing, and says what it did; what an operator changed in SQL stays.
 * A Processor does it when it starts. The login needs role pgrelay_processor.
 * @throws RelayError PLUGIN_CRON_OPTION_INVALID, PLUGIN_CRON_SPEC_INVALID, PLUGIN_CRON_ARGUMENT_INVALID, PLUGIN_CRON_JOB_TAKEN, RELAY_CHANNEL_UNKNOWN
 */
export async function syncJobs(
  db: Queryable,
  jobs: readonly CronJob[],
  { app = defaultCronOptions.app, remove = false }: SyncOptions = {},
): Promise<readonly JobChange[]> {
  checkJobs(jobs);
  return await cronGateway.syncJobs(db, app, jobs, remove);
}
