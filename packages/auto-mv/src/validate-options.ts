import { RelayError } from '@pgrelay/relay-core';
import { type AutoMvOptions, defaultAutoMvOptions } from './options.js';

/** Least and greatest value of each number. A timer takes at most 2^31 - 1 ms. */
const ranges: Readonly<Record<Exclude<keyof AutoMvOptions, 'repair'>, readonly [number, number]>> = {
  maxConcurrentRefreshes: [1, 16],
  plannerEveryMs: [10, 60_000],
  repairEveryMs: [100, 86_400_000],
  collectEveryMs: [100, 86_400_000],
  statementTimeoutMs: [0, 2_147_483_647],
  lockTimeoutMs: [0, 2_147_483_647],
  plainLockTimeoutMs: [0, 2_147_483_647],
  giveWayAfterMs: [0, 2_147_483_647],
  vacuumPercent: [0, 1_000],
  analyzePercent: [0, 1_000],
  keepLogDays: [0, 36_500],
  keepFiringsHours: [0, 876_000],
};

/**
 * Fills in the defaults and refuses what cannot work.
 * @throws RelayError AUTO_MV_OPTION_INVALID for an unknown option or a value out of range
 */
export function validateOptions(options: AutoMvOptions = {}): Required<AutoMvOptions> {
  const merged: Record<string, unknown> = { ...defaultAutoMvOptions };
  for (const [name, value] of Object.entries(options)) {
    if (!(name in defaultAutoMvOptions)) refuse(name, 'is no option of autoMv()');
    if (value !== undefined) merged[name] = value;
  }
  if (typeof merged['repair'] !== 'boolean') refuse('repair', 'is neither true nor false');
  for (const [name, [least, greatest]] of Object.entries(ranges)) {
    const value = merged[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > greatest) {
      refuse(name, `is not a whole number between ${least} and ${greatest}`);
    }
  }
  return merged as unknown as Required<AutoMvOptions>;
}

function refuse(name: string, what: string): never {
  throw new RelayError('AUTO_MV_OPTION_INVALID', `${name} ${what}`, {
    hint: `Options are ${Object.keys(defaultAutoMvOptions).join(', ')}.`,
  });
}
