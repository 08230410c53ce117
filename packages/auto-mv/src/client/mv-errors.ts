import { RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { toRelayError } from '@pgrelay/relay-sql';

/** The SQLSTATEs that a call of the client may end with, and the codes they have in TypeScript. */
const codes: Readonly<Record<string, string>> = {
  PM001: 'AUTO_MV_VIEW_UNKNOWN',
  PM002: 'AUTO_MV_VIEW_KIND',
  PM003: 'AUTO_MV_VIEW_REGISTERED',
  PM004: 'AUTO_MV_VIEW_NOT_REGISTERED',
  PM005: 'AUTO_MV_TABLE_UNKNOWN',
  PM006: 'AUTO_MV_TABLE_UNWATCHABLE',
  PM007: 'AUTO_MV_EVENT_INVALID',
  PM008: 'AUTO_MV_TIME_INVALID',
  PM009: 'AUTO_MV_LOCKED',
  PM010: 'AUTO_MV_TRIGGER_NOT_ALLOWED',
  PM011: 'AUTO_MV_ISOLATION_INVALID',
  PM012: 'AUTO_MV_TOKEN_OPEN',
  PM014: 'AUTO_MV_NO_PROCESSOR',
  PM017: 'AUTO_MV_ARGUMENT_INVALID',
  PM040: 'AUTO_MV_REFRESH_NOT_ALLOWED',
  PM041: 'AUTO_MV_SETTING_INVALID',
  PM045: 'AUTO_MV_TIMES_CONFLICT',
  PM050: 'AUTO_MV_SOURCE_UNWATCHED',
  PM051: 'AUTO_MV_SOURCE_GATED',
  PM052: 'AUTO_MV_SOURCE_NOT_GATED',
  PM070: 'AUTO_MV_SCHEDULE_UNKNOWN',
  PM080: 'AUTO_MV_CHAIN_CYCLE',
  PM120: 'AUTO_MV_GROUP_NAME',
  PM121: 'AUTO_MV_GROUP_UNKNOWN',
  PM122: 'AUTO_MV_GROUP_MEMBER',
  PM123: 'AUTO_MV_GROUP_SIZE',
  PM124: 'AUTO_MV_GROUP_MIXED',
};

/** What the server says of the name of a view that it cannot find, or cannot read as a name. */
const unknownName: ReadonlySet<string> = new Set(['42P01', '3F000', '42602', '42601']);

/** Turns an error of the database into the RelayError of its SQLSTATE; any other value is returned as it is. */
export function toMvError(error: unknown): unknown {
  const sqlstate = sqlstateOf(error) ?? '';
  const code = unknownName.has(sqlstate) ? 'AUTO_MV_VIEW_UNKNOWN' : codes[sqlstate];
  if (code === undefined || !(error instanceof Error)) return toRelayError(error);
  const hint =
    'hint' in error && typeof error.hint === 'string'
      ? error.hint
      : 'Give the view as SQL would read it, or { schema, name } as in the catalog.';
  return new RelayError(code, error.message, { hint, cause: error });
}
