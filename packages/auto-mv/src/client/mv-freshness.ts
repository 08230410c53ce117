/** How fresh a view is, and how its refreshes went: a row of pgauto_mv.freshness. */
export interface MvFreshness {
  /** The id of the registration. */
  readonly id: string;
  /** A change is committed that is not in the contents, or nothing is known of them. */
  readonly dirty: boolean;
  /** When the oldest change was made that the contents lack. */
  readonly staleSince: Date | null;
  /** How many transactions and watches wait for a refresh. */
  readonly pendingChanges: number;
  /** When the next refresh is due. */
  readonly dueAt: Date | null;
  /** Why none comes now: paused, installing, cooldown, backing off, upstream first, … */
  readonly skipReason: string | null;
  readonly refreshing: boolean;
  /** A trigger is still to be put on, because its table was busy; the first refresh follows the last trigger. */
  readonly installing: boolean;
  readonly pausedAt: Date | null;
  readonly refreshes: number;
  readonly lastRefreshedAt: Date | null;
  readonly lastRefreshDurationMs: number | null;
  readonly lastRefreshMode: 'concurrently' | 'plain' | null;
  /** Why the last one was not CONCURRENTLY. */
  readonly lastRefreshReason: string | null;
  /** How old the oldest change in a table was that the last refresh brought, through all the views on the way, in ms. */
  readonly lastRootLagMs: number | null;
  /** What the refreshes from there to here took together, by the slowest way, in ms. */
  readonly lastRootDurationMs: number | null;
  /** How old changes may be when the view shows them, in ms; null: explicit times. */
  readonly targetLagMs: number | null;
  readonly cpuShare: number | null;
  /** How old they were, in 95 % of the last 20 refreshes, in ms. */
  readonly achievedLagMs: number | null;
  /** In a row; 0 after a success. */
  readonly failures: number;
  readonly failedSqlstate: string | null;
  readonly failedCode: string | null;
  readonly nextRetryAt: Date | null;
  /** Up to when contents and query are known to have been equal. */
  readonly verifiedUntil: Date | null;
  /** What the last try to compare them came to: `equal`, `differs`, `dirty`, `excluded`, … */
  readonly verification: string | null;
  /** Why it told nothing. */
  readonly verificationReason: string | null;
  /** All that was committed before it is in the contents; null: unknown. */
  readonly asOf: Date | null;
  /** The group it is refreshed with. */
  readonly group: string | null;
}

/** The row as it is read: times as ms since the epoch. */
export type MvFreshnessRow = {
  readonly [K in keyof MvFreshness]: MvFreshness[K] extends Date | null ? number | null : MvFreshness[K];
};

export function toFreshness(row: MvFreshnessRow): MvFreshness {
  return {
    ...row,
    staleSince: toDate(row.staleSince),
    dueAt: toDate(row.dueAt),
    pausedAt: toDate(row.pausedAt),
    lastRefreshedAt: toDate(row.lastRefreshedAt),
    nextRetryAt: toDate(row.nextRetryAt),
    verifiedUntil: toDate(row.verifiedUntil),
    asOf: toDate(row.asOf),
  };
}

const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
