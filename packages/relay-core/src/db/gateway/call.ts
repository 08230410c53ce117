import { toRelayError } from '@pgrelay/relay-sql';
import type { Preparing, Queryable } from '../queryable.js';

/** Sends one call, and maps our SQLSTATEs to RelayError. `name`: prepared once on each connection, for calls that are made again and again. */
export async function call<R extends object>(
  db: Queryable,
  text: string,
  values?: unknown[],
  name?: string,
): Promise<R[]> {
  try {
    const result =
      name === undefined || !('prepared' in db && typeof db.prepared === 'function')
        ? await db.query<R & Record<string, unknown>>(text, values)
        : await (db as Preparing).prepared<R & Record<string, unknown>>(name, text, values ?? []);
    return result.rows;
  } catch (error) {
    throw toRelayError(error);
  }
}
