import { sqlstateOf } from '../db/pg-error.js';

/** The database's own error inside one that a library made around it; any other error as it is. */
export function sourceOf(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; depth += 1) {
    if (sqlstateOf(at) !== undefined) return at;
    at = at.cause;
  }
  return error;
}
