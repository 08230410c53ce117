import { sqlstateOf } from '@pgrelay/relay-core';

/** Deadlocks, serialization failures, and locks that were not granted in time: they belong to what is tried here. */
export function isConflict(error: unknown): boolean {
  const code = sqlstateOf(error);
  return code === '55P03' || (code?.startsWith('40') ?? false);
}
