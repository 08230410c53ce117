import { connect } from '../../harness/connect.js';
import { sqlFile } from '../../harness/sql-files.js';
import { type Arm, clock } from './arm.js';

/** The published pattern with its own SQL, its procedure called as pg_cron would. */
export async function dirtyFlagArm(url: string): Promise<Arm> {
  const client = await connect(url, 'benchmark dirty flag');
  for (const file of ['pattern', 'shop']) await client.query(sqlFile(`dirty-flag/${file}.sql`));
  return {
    name: 'dirty-flag',
    schema: 'public',
    async refresh() {
      const began = await clock(client);
      await client.query('call public.refresh_dirty_materialized_views()');
      return { began, ended: await clock(client) };
    },
    close: () => client.end(),
  };
}
