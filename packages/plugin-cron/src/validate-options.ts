import { RelayError } from '@pgrelay/relay-core';
import { checkJobs } from './check-jobs.js';
import { type CronOptions, defaultCronOptions } from './options.js';

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
  if (typeof options.app !== 'string' || options.app.trim() === '')
    refuse(`option app is ${JSON.stringify(options.app)}`, "It is a name, such as 'billing'.");
  if (typeof options.removeUndeclared !== 'boolean')
    refuse(`option removeUndeclared is ${JSON.stringify(options.removeUndeclared)}`, 'It is true or false.');
  checkJobs(options.jobs);
  return options;
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(`option ${name} is ${JSON.stringify(value)}`, `It is a whole number from ${least} to ${most}.`);
  }
}

function refuse(message: string, hint: string): never {
  throw new RelayError('PLUGIN_CRON_OPTION_INVALID', message, { hint });
}
