import { RelayError } from '@pgrelay/relay-core';
import type { CronJob } from './options.js';

const fields = new Set([
  'name',
  'spec',
  'zone',
  'channel',
  'payload',
  'missed',
  'overlap',
  'jitterMs',
  'graceMs',
  'startsAt',
  'endsAt',
  'alertChannel',
  'deadlineMs',
]);
const example = "For example { name: 'tidy', spec: 'every 5 minutes', channel: 'tidy' }.";

/**
 * Refuses declarations that cannot be jobs; what only the database can tell it tells later.
 * @throws RelayError PLUGIN_CRON_OPTION_INVALID
 */
export function checkJobs(jobs: readonly CronJob[]): void {
  const names = new Set<string>();
  for (const job of jobs) {
    if (typeof job !== 'object' || job === null) refuse(`a job is ${JSON.stringify(job)}`, example);
    const unknown = Object.keys(job).find((field) => !fields.has(field));
    if (unknown !== undefined)
      refuse(`${JSON.stringify(unknown)} is no field of a job`, `Fields are ${[...fields].join(', ')}.`);
    for (const field of ['name', 'spec', 'channel'] as const) {
      if (typeof job[field] !== 'string' || job[field].trim() === '')
        refuse(`a job has ${field} ${JSON.stringify(job[field])}`, example);
    }
    for (const field of ['jitterMs', 'graceMs', 'deadlineMs'] as const) {
      const value = job[field];
      if (value !== undefined && !(Number.isFinite(value) && value >= 0))
        refuse(`job ${JSON.stringify(job.name)} has ${field} ${value}`, 'It is a number of milliseconds.');
    }
    for (const field of ['startsAt', 'endsAt'] as const) {
      const value = job[field];
      if (value !== undefined && !(value instanceof Date && Number.isFinite(value.getTime())))
        refuse(`job ${JSON.stringify(job.name)} has no proper ${field}`, 'It is a Date.');
    }
    if (names.has(job.name))
      refuse(`job ${JSON.stringify(job.name)} is declared twice`, 'Each job has a name of its own.');
    names.add(job.name);
  }
}

function refuse(message: string, hint: string): never {
  throw new RelayError('PLUGIN_CRON_OPTION_INVALID', message, { hint });
}
