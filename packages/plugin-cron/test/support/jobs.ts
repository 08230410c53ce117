import type { TestDatabase } from '@pgrelay/test-support';

/** What a Processor does until nothing is due any more; the ms until it would come back. */
export async function tick(database: TestDatabase): Promise<number | null> {
  for (;;) {
    const ms = await tickOnce(database);
    if (ms !== 0) return ms;
  }
}

/** One look of a Processor; the ms until it would come back, 0 when more is due. */
export async function tickOnce(database: TestDatabase): Promise<number | null> {
  const [row] = await database.query<{ ms: number | null }>('select pgrelay_cron.tick_v1() as ms');
  return row?.ms ?? null;
}

/** The job's next occurrence was so many seconds ago; when that was. */
export async function makeDue(database: TestDatabase, name: string, agoSeconds: number): Promise<Date | undefined> {
  const [row] = await database.query<{ at: Date }>(
    `update pgrelay_cron.job set next_planned_at = date_trunc('milliseconds', clock_timestamp()) - make_interval(secs => $2),
       next_fire_at = clock_timestamp() - make_interval(secs => $2) where name = $1 returning next_planned_at as at`,
    [name, agoSeconds],
  );
  return row?.at;
}

/** The channels of the events that wait, in order. */
export async function waiting(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ channel: string }>('select channel from pgrelay.events order by channel');
  return rows.map(({ channel }) => channel);
}

/** Removes every job, and what is left of its runs. */
export async function removeJobs(database: TestDatabase): Promise<void> {
  await database.query("select pgrelay_cron.unschedule(name) from pgrelay_cron.jobs where state <> 'unscheduled'");
  await database.query('delete from pgrelay_cron.job; ');
  await database.query('delete from pgrelay_cron.fire');
  await database.query('delete from pgrelay_cron.miss');
}
