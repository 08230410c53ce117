import { RelayError } from '@pgrelay/relay-core';
import { type CronJob, type CronOptions, defaultCronOptions } from './options.js';

/**
 * Fills in the defaults and refuses what cannot work.
 * @throws RelayError PLUGIN_CRON_OPTION_INVALID
 */
export function validateOptions(given: Partial<CronOptions>): CronOptions {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(defined).find((name) => !(name in defaultCronOptions));
  if (unknown !== undefined) {
    refuse(
      `${JSON.stringify(unknown)} is no option of cron()`,
      `Options are ${Object.keys(defaultCronOptions).join(', ')}.`,
    );
  }
  const options = { ...defaultCronOptions, ...defined };
  whole('lookEveryMs', options.lookEveryMs, 10, 60_000);
  whole('keepRunsDays', options.keepRunsDays, 1, 36_500);
  const names = new Set<string>();
  for (const job of options.jobs) {
    checkJob(job);
    if (names.has(job.name))
      refuse(`job ${JSON.stringify(job.name)} is declared twice`, 'Each job has a name of its own.');
    names.add(job.name);
  }
  return options;
}

function checkJob(job: CronJob): void {
  for (const field of ['name', 'every', 'channel'] as const) {
    if (typeof job[field] !== 'string' || job[field].trim() === '') {
      refuse(
        `a job has ${field} ${JSON.stringify(job[field])}`,
        "For example { name: 'tidy', every: '5 minutes', channel: 'tidy' }.",
      );
    }
  }
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(`option ${name} is ${JSON.stringify(value)}`, `It is a whole number from ${least} to ${most}.`);
  }
}

function refuse(message: string, hint: string): never {
  throw new RelayError('PLUGIN_CRON_OPTION_INVALID', message, { hint });
}
