/** A recurring event that is declared in code. */
export interface CronJob {
  /** Unique in the database. */
  readonly name: string;
  /** When: `every 10 minutes`, `0 3 * * *` (five or six fields), `@daily`, `at 2027-03-01 08:30`. The database reads it. */
  readonly spec: string;
  /** Time zone of a cron text. Default: `UTC`. */
  readonly zone?: string;
  /** Where the event goes: the channel of a handler, or one registered in SQL. */
  readonly channel: string;
  /** Written as JSON. Default: none (SQL NULL). */
  readonly payload?: unknown;
  /** What becomes of occurrences that nobody sent in time: `skip` them, send the `latest`, or `all`. Default: `latest`. */
  readonly missed?: 'skip' | 'latest' | 'all';
  /** When the run before has not ended: `queue` (one after the other), `skip`, or `allow` both. Default: `queue`. */
  readonly overlap?: 'allow' | 'skip' | 'queue';
  /** Each occurrence is sent up to so many ms later, always the same for one occurrence. Default: 0; up to a day. */
  readonly jitterMs?: number;
  /** An occurrence that is so many ms late, beside its jitter, is missed. Default: 10,000. */
  readonly graceMs?: number;
  /** Nothing fires before; intervals count from then. Default: no beginning. */
  readonly startsAt?: Date;
  /** Nothing fires after. Default: no end. */
  readonly endsAt?: Date;
  /** A channel that gets an event for each occurrence that was not run or not done in time. Default: none. */
  readonly alertChannel?: string;
  /** How long after its time a run has to be done, in ms; with `alertChannel`. Default: 3,600,000. */
  readonly deadlineMs?: number;
}

export interface CronOptions {
  /** Jobs of this Processor's code, beside those made with pgrelay_cron.schedule(). Default: none. */
  readonly jobs: readonly CronJob[];
  /** Whose jobs these are: Processors of one app declare the same ones. Default: `default`. */
  readonly app: string;
  /** Remove jobs that this app declared once and declares no more, at the start. Default: false: they stay. */
  readonly removeUndeclared: boolean;
  /** How often to look for new jobs, in ms; known ones fire at their time. Default: 1,000. */
  readonly lookEveryMs: number;
  /** How long pgrelay_cron.runs goes back, in days. Default: 30. */
  readonly keepRunsDays: number;
}

export const defaultCronOptions: CronOptions = {
  jobs: [],
  app: 'default',
  removeUndeclared: false,
  lookEveryMs: 1_000,
  keepRunsDays: 30,
};
