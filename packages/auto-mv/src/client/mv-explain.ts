/** A row of explain_mv(): one fact about a view. */
export interface MvFact {
  /** `source`, `watch`, `unwatchable`, `above`, `group`, `times`, `state`, `verified`, `next refresh`, `plan` or `better`. */
  readonly topic: string;
  readonly object: string;
  readonly detail: string;
}

/** A row of sync_mv() or clean_mv(): something that was done, or found. */
export interface MvAction {
  readonly action: string;
  readonly object: string;
}

/** Other times for simulateMv(), in seconds as in MvSettings. Default of each: as the view has it. */
export interface MvTimes {
  readonly refreshLag?: number;
  readonly maxWait?: number;
  readonly cooldown?: number;
  /** Instead of the three: the times that would be solved for this target, in ms, from 100. */
  readonly targetLagMs?: number;
  /** With a target: the share of one CPU, 0.001 to 1. Default: that of the view, else 0.25. */
  readonly cpuShare?: number;
  /** How far back to replay, in ms. Default: a day, which is how long firings are kept by default. */
  readonly windowMs?: number;
}

/** What other times would have given. */
export interface MvSimulation {
  /** The first change that is recorded; null: none is. */
  readonly since: Date | null;
  readonly till: Date;
  readonly transactions: number;
  readonly refreshes: number;
  /** How long a transaction would have waited to be seen, in ms; null: there was none. */
  readonly averageStalenessMs: number | null;
  readonly longestStalenessMs: number;
  /** The share of the time in which something would have been missing, 0 to 1. */
  readonly staleShare: number | null;
  /** How long all the refreshes would have taken together. */
  readonly refreshingMs: number;
  readonly refreshingShare: number | null;
  /** The times that it went by, in seconds: those asked for, solved, or of the view. */
  readonly refreshLag: number;
  readonly maxWait: number;
  readonly cooldown: number;
}
