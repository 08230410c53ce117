import { RelayError } from '@pgrelay/relay-core';
import { type AutoMvOptions, defaultAutoMvOptions } from './options.js';
import { defaultVerificationOptions, type VerificationOptions } from './verification-options.js';

/** Least and greatest value of each number. A timer takes at most 2^31 - 1 ms. */
const ranges: Readonly<Record<Exclude<keyof AutoMvOptions, 'repair' | 'verification'>, readonly [number, number]>> = {
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

const verificationRanges: Readonly<
  Record<Exclude<keyof VerificationOptions, 'share' | 'workMem'>, readonly [number, number]>
> = {
  perViewTimeoutMs: [0, 2_147_483_647],
  everyMs: [0, 2_147_483_647],
  lookEveryMs: [10, 86_400_000],
  keepIncidentsDays: [0, 36_500],
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
  for (const [name, range] of Object.entries(ranges)) checkWhole(name, merged[name], range);
  return {
    ...(merged as unknown as Required<AutoMvOptions>),
    verification: validateVerification(options.verification),
  };
}

function validateVerification(given: VerificationOptions | undefined): Required<VerificationOptions> {
  if (given !== undefined && (typeof given !== 'object' || given === null)) refuse('verification', 'is no object');
  const merged: Record<string, unknown> = { ...defaultVerificationOptions };
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!(name in defaultVerificationOptions)) refuse(`verification.${name}`, 'is no option of autoMv()');
    if (value !== undefined) merged[name] = value;
  }
  const { share, workMem } = merged;
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) {
    refuse('verification.share', 'is not a number between 0 and 1');
  }
  if (typeof workMem !== 'string' || !/^[1-9]\d* ?(kB|MB|GB)$/.test(workMem)) {
    refuse('verification.workMem', 'is no amount of memory such as 16MB');
  }
  for (const [name, range] of Object.entries(verificationRanges)) {
    checkWhole(`verification.${name}`, merged[name], range);
  }
  return merged as unknown as Required<VerificationOptions>;
}

function checkWhole(name: string, value: unknown, [least, greatest]: readonly [number, number]): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > greatest) {
    refuse(name, `is not a whole number between ${least} and ${greatest}`);
  }
}

function refuse(name: string, what: string): never {
  throw new RelayError('AUTO_MV_OPTION_INVALID', `${name} ${what}`, {
    hint: `Options are ${Object.keys(name.startsWith('verification.') ? defaultVerificationOptions : defaultAutoMvOptions).join(', ')}.`,
  });
}
