import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CronJob, checkJobs } from '@pgrelay/plugin-cron';
import { RelayError } from '@pgrelay/relay-core';

/**
 * The jobs that a module exports, as `jobs` or by default: an array, the same that is given to `cron({ jobs })`.
 * @throws RelayError PGRELAY_JOBS_UNREADABLE, PLUGIN_CRON_OPTION_INVALID
 */
export async function loadJobs(file: string): Promise<readonly CronJob[]> {
  const module = await load(file);
  const jobs = module['jobs'] ?? module['default'];
  if (!Array.isArray(jobs)) {
    throw new RelayError('PGRELAY_JOBS_UNREADABLE', `${file} exports no array of jobs`, {
      hint: "Write: export const jobs = [{ name: 'tidy', spec: 'every 5 minutes', channel: 'tidy' }].",
    });
  }
  checkJobs(jobs);
  return jobs;
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path.resolve(file)).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError('PGRELAY_JOBS_UNREADABLE', `${file} cannot be loaded: ${why}`, {
      hint: 'Name a JavaScript module, as built; its path is relative to the current directory.',
      cause,
    });
  }
}
