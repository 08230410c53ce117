import { type CronJob, checkJobs } from '@pgrelay/plugin-cron';
import { RelayError } from '@pgrelay/relay-core';
import { loadModule } from './load-module.js';

/**
 * The jobs that a module exports, as `jobs` or by default: an array, the same that is given to `cron({ jobs })`.
 * @throws RelayError PGRELAY_JOBS_UNREADABLE, PLUGIN_CRON_OPTION_INVALID
 */
export async function loadJobs(file: string): Promise<readonly CronJob[]> {
  const module = await loadModule(file, 'PGRELAY_JOBS_UNREADABLE');
  const jobs = module['jobs'] ?? module['default'];
  if (!Array.isArray(jobs)) {
    throw new RelayError('PGRELAY_JOBS_UNREADABLE', `${file} exports no array of jobs`, {
      hint: "Write: export const jobs = [{ name: 'tidy', spec: 'every 5 minutes', channel: 'tidy' }].",
    });
  }
  checkJobs(jobs);
  return jobs;
}
