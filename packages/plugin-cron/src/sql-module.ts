import type { SqlModule } from '@pgrelay/relay-sql';

/** The database side of plugin-cron: schema `pgrelay_cron`. Handed to `migrate()` after the relay's own. */
export const cronSql: SqlModule = {
  name: 'pgrelay_cron',
  directory: new URL('../sql/', import.meta.url),
  extension: 'pg_relay_cron',
};
