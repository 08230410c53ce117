import { defaultVerificationOptions, type VerificationOptions } from './verification-options.js';

/** How a Processor keeps views fresh. Times per view (lag, cooldown, own timeouts) are set where it is registered. */
export interface AutoMvOptions {
  /** How many views this Processor refreshes at once, 1 to 16; each takes a connection of its own. Default: 2. */
  readonly maxConcurrentRefreshes?: number;
  /** How often to look for changes, in ms, 10 to 60,000: what a change waits at most beside its refresh_lag. Default: 250. */
  readonly plannerEveryMs?: number;
  /** Put dropped triggers of registered views back, as far as this Processor's login may. Default: true. */
  readonly repair?: boolean;
  /** How often to look for dropped triggers, in ms. Default: 5,000. */
  readonly repairEveryMs?: number;
  /** How often to clean up served changes and old log rows, in ms. Default: 5,000. */
  readonly collectEveryMs?: number;
  /** The statement_timeout of a refresh whose view has none of its own, in ms; 0: none. Default: one hour. */
  readonly statementTimeoutMs?: number;
  /** How long a CONCURRENTLY refresh waits for a lock, in ms; only other refreshes queue behind it. Default: 10,000. */
  readonly lockTimeoutMs?: number;
  /** How long a plain refresh waits for its lock, in ms; readers queue behind it meanwhile. Default: 200. */
  readonly plainLockTimeoutMs?: number;
  /** How long others wait for a lock that a refresh keeps from them before it is cancelled and tried again, in ms. Default: 500. */
  readonly giveWayAfterMs?: number;
  /** VACUUM a view after a refresh when more of its rows are dead than this, in percent; 0: never. Default: 40. */
  readonly vacuumPercent?: number;
  /** ANALYZE a view after a refresh when more of its rows have changed than this, in percent; 0: never. Default: 20. */
  readonly analyzePercent?: number;
  /** How long attempts and skips stay in pgauto_mv.log, in days. Default: 7. */
  readonly keepLogDays?: number;
  /** How long firings stay in pgauto_mv.log, in hours; there is one per watch and transaction. Default: 24. */
  readonly keepFiringsHours?: number;
  /** How views are compared with their queries: see VerificationOptions. Default: a hundredth of one connection's time. */
  readonly verification?: VerificationOptions;
}

export const defaultAutoMvOptions: Required<AutoMvOptions> = {
  maxConcurrentRefreshes: 2,
  plannerEveryMs: 250,
  repair: true,
  repairEveryMs: 5_000,
  collectEveryMs: 5_000,
  statementTimeoutMs: 3_600_000,
  lockTimeoutMs: 10_000,
  plainLockTimeoutMs: 200,
  giveWayAfterMs: 500,
  vacuumPercent: 40,
  analyzePercent: 20,
  keepLogDays: 7,
  keepFiringsHours: 24,
  verification: defaultVerificationOptions,
};
