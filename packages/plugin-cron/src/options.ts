/** A recurring event that is declared in code. */
export interface CronJob {
  /** Unique in the database. */
  readonly name: string;
  /** How often: `5s`, `10 minutes`, `2 hours`, `1 day`. The database reads it, when the Processor starts. */
  readonly every: string;
  /** Where the event goes: the channel of a handler, or one registered in SQL. */
  readonly channel: string;
  /** Written as JSON. Default: none (SQL NULL). */
  readonly payload?: unknown;
}

export interface CronOptions {
  /** Jobs of this Processor's code, beside those made with pgrelay_cron.schedule(). Default: none. */
  readonly jobs: readonly CronJob[];
  /** How often to look for new jobs, in ms; known ones fire at their time. Default: 1,000. */
  readonly lookEveryMs: number;
  /** How long pgrelay_cron.runs goes back, in days. Default: 30. */
  readonly keepRunsDays: number;
}

export const defaultCronOptions: CronOptions = { jobs: [], lookEveryMs: 1_000, keepRunsDays: 30 };
