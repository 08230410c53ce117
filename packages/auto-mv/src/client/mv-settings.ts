import type { MvName } from './mv-name.js';

/** How a view is kept fresh. Times without `Ms` in their name are seconds, as in SQL. */
export interface MvSettings {
  /** Seconds to wait after the latest change, 0 to a year. Default: 0. */
  readonly refreshLag?: number;
  /** Seconds after the first change at which a refresh is due whatever still changes; 0: no maximum. Default: 0. */
  readonly maxWait?: number;
  /** Seconds between the end of a refresh and the next; wins over `maxWait`. Default: 2. */
  readonly cooldown?: number;
  /**
   * How old a change may be when the view shows it, in ms from when it was made in a table, 100 to a year: the three times above are
   * solved for that, and none of them may be given. Default: these three say when to refresh.
   */
  readonly targetLagMs?: number;
  /** With `targetLagMs`: the share of one CPU that refreshes may take, 0.001 to 1; wins over the target. Default: 0.25. */
  readonly cpuShare?: number;
  /** The statement_timeout of a refresh, in ms; 0: none. Default: that of the Processor. */
  readonly statementTimeoutMs?: number;
  /** How long a refresh waits for a lock, in ms; 0: without end. Default: that of the Processor. */
  readonly lockTimeoutMs?: number;
  /** The work_mem of a refresh, for example `64MB`. Default: that of the Processor's login. */
  readonly workMem?: string;
  /** When to refresh beside the changes: the name of a schedule, or a spec. Default: not by the clock. */
  readonly schedule?: string;
  /** The longest without a refresh though nothing was seen to change, in ms, from 1,000. Default: no limit. */
  readonly safetyRefreshMs?: number;
  /** See what logical replication writes, too. Default: false. */
  readonly fireOnReplica?: boolean;
  /** A registered channel that gets an event after each refresh. Default: none. */
  readonly channel?: string;
  /** Registered views after whose refreshes this one is refreshed, whatever its query reads. Default: none. */
  readonly chain?: readonly MvName[];
}

/** An operation on a table. */
export type MvEvent = 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';

/** A table to watch. */
export interface MvWatch {
  /** The table's name as SQL would read it, in the connection's search_path. */
  readonly table: string;
  /** The operations that matter. Default: all four. A materialized view is watched by its refreshes. */
  readonly events?: readonly MvEvent[];
}

export interface RegisterMvOptions extends MvSettings {
  /** What to watch; an empty list: nothing, the view is refreshed on request only. Default: what its query reads. */
  readonly watchTables?: readonly MvWatch[];
}

/** What to change: absent or undefined leaves a setting as it is, null brings its default back. */
export type AlterMvOptions = { readonly [K in keyof RegisterMvOptions]?: RegisterMvOptions[K] | null | undefined };
