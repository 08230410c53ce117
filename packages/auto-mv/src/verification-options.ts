/** How a Processor compares views with their queries, to find what went past the triggers. */
export interface VerificationOptions {
  /** The share of the time of one connection that it may take, all Processors of a database together, 0 to 1; 0: none. Default: 0.01. */
  readonly share?: number;
  /** The statement_timeout of a comparison, in ms; 0: none. A view that takes longer is said to be too expensive. Default: 60,000. */
  readonly perViewTimeoutMs?: number;
  /** How long a view that was verified is left alone, in ms. Default: 600,000. */
  readonly everyMs?: number;
  /** How often to look whether one is to be compared, in ms. Default: 10,000. */
  readonly lookEveryMs?: number;
  /** The work_mem of a comparison. Default: `16MB`. */
  readonly workMem?: string;
  /** How long incidents that are repaired stay in pgauto_mv.incidents, in days. Default: 365. */
  readonly keepIncidentsDays?: number;
}

export const defaultVerificationOptions: Required<VerificationOptions> = {
  share: 0.01,
  perViewTimeoutMs: 60_000,
  everyMs: 600_000,
  lookEveryMs: 10_000,
  workMem: '16MB',
  keepIncidentsDays: 365,
};
