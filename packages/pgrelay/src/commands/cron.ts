import { describeChange, type JobChange, planJobs, syncJobs } from '@pgrelay/plugin-cron';
import pg from 'pg';
import { loadJobs } from '../load-jobs.js';
import { openDatabase } from '../open-database.js';
import type { CronOptions, CronSyncOptions } from '../options.js';

/** Shows what syncing the jobs of a module would do. */
export function runCronPlan(file: string, options: CronOptions): Promise<number> {
  return withJobs(file, options, (client, jobs) => planJobs(client, jobs, options));
}

/** Creates and changes jobs as a module declares them, and says what it did. */
export function runCronSync(file: string, options: CronSyncOptions): Promise<number> {
  return withJobs(file, options, (client, jobs) => syncJobs(client, jobs, options));
}

async function withJobs(
  file: string,
  options: CronOptions,
  work: (client: pg.Client, jobs: Awaited<ReturnType<typeof loadJobs>>) => Promise<readonly JobChange[]>,
): Promise<number> {
  const jobs = await loadJobs(file);
  const database = await openDatabase(options, (text) => void process.stderr.write(`${text}\n`));
  try {
    const client = new pg.Client({ connectionString: database.url, application_name: 'pgrelay cron' });
    await client.connect();
    try {
      const changes = await work(client, jobs);
      if (options.json === true) console.log(JSON.stringify(changes));
      else console.log(changes.length === 0 ? 'No jobs.' : changes.map(describeChange).join('\n'));
      return 0;
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
}
