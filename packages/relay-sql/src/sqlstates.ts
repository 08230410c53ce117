import { RelayError } from './relay-error.js';

/** The SQLSTATEs that the functions of schema pgrelay raise, and the codes they have in TypeScript. */
export const sqlStates: Readonly<Record<string, string>> = {
  PR001: 'RELAY_CHANNEL_UNKNOWN',
  PR002: 'RELAY_CHANNEL_DISABLED',
  PR003: 'RELAY_PAYLOAD_TOO_LARGE',
  PR004: 'RELAY_ARGUMENT_INVALID',
  PR005: 'RELAY_CHANNEL_EXISTS',
  PR006: 'RELAY_ACTION_REFUSED',
  PR007: 'RELAY_CHANNEL_IN_USE',
  PR008: 'RELAY_ACTION_MISSING',
  PR009: 'RELAY_FENCED',
  PR010: 'RELAY_ROLES_MISSING',
  PR011: 'RELAY_NO_FREE_SLOT',
  PR012: 'RELAY_EVENT_NOT_FAILED',
  PR027: 'RELAY_SCHEMA_FOREIGN',
  PR028: 'RELAY_EVENT_UNKNOWN',
  PR029: 'RELAY_SCHEDULE_INVALID',
  PR030: 'RELAY_CHAIN_TOO_LONG',
  PR040: 'RELAY_SCHEMA_NEWER',
  PR041: 'RELAY_MIGRATION_CHANGED',
  PR042: 'RELAY_EXTENSION_INSTALLED',
  PR043: 'RELAY_SCHEMA_EXISTS',
  PR044: 'RELAY_DUMP_RULE_MISSING',
  PR045: 'RELAY_PROCESSORS_ALIVE',
};

/** Turns an error of the database into the RelayError of its SQLSTATE; any other value is returned as it is. */
export function toRelayError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const code = sqlStates[error.code];
  if (code === undefined) return error;
  const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return new RelayError(code, error.message, { ...hint, cause: error });
}
