import type { Queryable } from './queryable.js';

/** How long the event loop may be blocked before the Processor is given up: its heartbeat stops, and its lease ends. In ms. */
export const blockedLimitMs = 60_000;

/**
 * The settings of every session of a Processor. No notices. The server notices a dead peer within the lease: keepalive
 * probes while nothing is under way (half the lease, then three probes), the user timeout while something is. A transaction
 * of a living Processor may be idle for as long as its event loop may be blocked; one whose Processor is frozen ends after
 * that, when nobody is there to rescue its events, and so end its backends, within the lease.
 */
function settingsOf(leaseMs: number): Record<string, string> {
  const seconds = (ms: number) => String(Math.max(1, Math.floor(ms / 1_000)));
  return {
    client_min_messages: 'warning',
    tcp_user_timeout: String(leaseMs),
    tcp_keepalives_idle: seconds(leaseMs / 2),
    tcp_keepalives_interval: seconds(leaseMs / 6),
    tcp_keepalives_count: '3',
    idle_in_transaction_session_timeout: String(leaseMs + blockedLimitMs),
  };
}

/** SET, since a SELECT of set_config() costs three times as much. Names and values are all made here. */
const set = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `set ${name} = '${value}'`)
    .join('; ');

export async function applySettings(db: Queryable, leaseMs: number): Promise<void> {
  await db.query(set(settingsOf(leaseMs)));
}

/**
 * Statements that make a session as it was when it opened, whatever an action or a handler did to it: role, settings,
 * locks, cursors, temporary tables. They may follow a COMMIT or ROLLBACK in one message, so they cost no round trip.
 */
export function freshSession(leaseMs: number, statementTimeoutMs: number): string {
  return [
    'reset session authorization',
    'reset role',
    'reset all',
    'close all',
    'unlisten *',
    'discard temp',
    'select pg_catalog.pg_advisory_unlock_all()',
    set({ ...settingsOf(leaseMs), statement_timeout: String(statementTimeoutMs) }),
  ].join('; ');
}

/** Begins the transaction of a handler, which may be idle, waiting for something else, for all of the handler's time. */
export const beginFor = (timeoutMs: number, leaseMs: number): string =>
  `begin; set local idle_in_transaction_session_timeout = ${Math.min(Math.max(Math.ceil(timeoutMs), blockedLimitMs) + leaseMs, 2_147_483_647)}`;
