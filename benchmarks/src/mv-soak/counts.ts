/** What the soak counts while it runs. */
export class Counts {
  /** Comparisons of a view with its query, in one snapshot in which nothing of it was unserved. */
  checks = 0;
  /** Different contents that were compared: view and refresh. */
  readonly contents = new Set<string>();
  /** Looks at a view that found something unserved, and those that could not lock it in time. */
  unserved = 0;
  busy = 0;
  committed = 0;
  rolledBack = 0;
  twoPhaseCommitted = 0;
  twoPhaseRolledBack = 0;
  /** Savepoints, released or rolled back to. */
  savepoints = 0;
  /** Transactions that were held open for a second or longer. */
  long = 0;
  /** Refreshes that writers have asked for, in transactions that committed or not. */
  asked = 0;
  /** Transactions that ended with a deadlock, a conflict or a lock that was not granted in time. */
  conflicts = 0;
  ddl = 0;
  ddlConflicts = 0;
  kills = 0;
  /** Looks at pg_locks, and how many refreshes they have seen in sum. */
  looks = 0;
  refreshing = 0;
  readonly failures: string[] = [];
}
