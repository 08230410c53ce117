import { type Queryable, RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { toRelayError } from '@pgrelay/relay-sql';
import type { JobChange } from './job-change.js';
import { jobSettings } from './job-settings.js';
import type { CronJob } from './options.js';

/** The SQLSTATEs that the functions of schema pgrelay_cron raise, and the codes they have in TypeScript. */
const codes: Readonly<Record<string, string>> = {
  PC001: 'PLUGIN_CRON_SPEC_INVALID',
  PC002: 'PLUGIN_CRON_JOB_UNKNOWN',
  PC003: 'PLUGIN_CRON_JOB_TAKEN',
  PC004: 'PLUGIN_CRON_ARGUMENT_INVALID',
  PC005: 'PLUGIN_CRON_JOB_RUNNING',
  PC006: 'PLUGIN_CRON_IMPORT_IMPOSSIBLE',
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

  /** @throws RelayError PLUGIN_CRON_SPEC_INVALID, PLUGIN_CRON_ARGUMENT_INVALID */
  async planJobs(db: Queryable, app: string, jobs: readonly CronJob[]): Promise<readonly JobChange[]> {
    return explained(
      db.query<JobChange>('select job, action, changes, kept from pgrelay_cron.plan_jobs_v1($1, $2)', [
        app,
        toJson(jobs),
      ]),
    );
  },

  /** @throws RelayError PLUGIN_CRON_SPEC_INVALID, PLUGIN_CRON_JOB_TAKEN, PLUGIN_CRON_ARGUMENT_INVALID, RELAY_CHANNEL_UNKNOWN */
  async syncJobs(db: Queryable, app: string, jobs: readonly CronJob[], remove: boolean): Promise<readonly JobChange[]> {
    const values = [app, toJson(jobs), remove];
    return explained(
      db.query<JobChange>('select job, action, changes, kept from pgrelay_cron.sync_jobs_v1($1, $2, $3)', values),
    );
  },
};

const toJson = (jobs: readonly CronJob[]): string => JSON.stringify(jobs.map(jobSettings));

async function explained<T>(answer: Promise<{ readonly rows: T[] }>): Promise<T[]> {
  try {
    return (await answer).rows;
  } catch (error) {
    throw toCronError(error);
  }
}

function toCronError(error: unknown): unknown {
  const code = codes[sqlstateOf(error) ?? ''];
  if (code === undefined || !(error instanceof Error)) return toRelayError(error);
  const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return new RelayError(code, error.message, { ...hint, cause: error });
}
