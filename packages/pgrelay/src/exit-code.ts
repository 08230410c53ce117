import { CommanderError } from 'commander';

/** 0: it worked. 1: it failed, or was forced to stop. 2: it was called in a way that cannot work. */
export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2;
}

/** Of `uninstall` without `--yes`: it said what it would remove, and removed nothing. */
export const notAsked = 3;
