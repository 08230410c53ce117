import { type Queryable, RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { toRelayError } from '@pgrelay/relay-sql';
import type { CronJob } from './options.js';

/** The SQLSTATEs that the functions of schema pgrelay_cron raise, and the codes they have in TypeScript. */
const codes: Readonly<Record<string, string>> = {
  PC001: 'PLUGIN_CRON_SPEC_INVALID',
  PC002: 'PLUGIN_CRON_JOB_UNKNOWN',
  PC003: 'PLUGIN_CRON_JOB_TAKEN',
  PC004: 'PLUGIN_CRON_ARGUMENT_INVALID',
};

/** The calls that plugin-cron makes; nothing else in this package holds SQL text. */
export const cronGateway = {
  /** The ms until the next job is due; undefined when there is none. */
  async tick(db: Queryable): Promise<number | undefined> {
    const { rows } = await db.query<{ ms: number | null }>('select pgrelay_cron.tick_v1() as ms');
    return rows[0]?.ms ?? undefined;
  },

  async forget(db: Queryable, keepDays: number): Promise<void> {
    await db.query('select pgrelay_cron.forget_v1(pg_catalog.make_interval(days => $1))', [keepDays]);
  },

  /** @throws RelayError PLUGIN_CRON_SPEC_INVALID, PLUGIN_CRON_JOB_TAKEN, PLUGIN_CRON_ARGUMENT_INVALID, RELAY_CHANNEL_UNKNOWN */
  async declareJobs(db: Queryable, jobs: readonly CronJob[]): Promise<void> {
    try {
      await db.query('select pgrelay_cron.declare_jobs_v1($1, $2, $3, $4)', [
        jobs.map((job) => job.name),
        jobs.map((job) => job.every),
        jobs.map((job) => job.channel),
        jobs.map((job) => (job.payload === undefined ? null : JSON.stringify(job.payload))),
      ]);
    } catch (error) {
      throw toCronError(error);
    }
  },
};

function toCronError(error: unknown): unknown {
  const code = codes[sqlstateOf(error) ?? ''];
  if (code === undefined || !(error instanceof Error)) return toRelayError(error);
  const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return new RelayError(code, error.message, { ...hint, cause: error });
}
