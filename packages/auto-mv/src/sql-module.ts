import type { SqlModule } from '@pgrelay/relay-sql';

/** The database side of auto-mv: schema `pgauto_mv`. Handed to `migrate()` after the relay's own. */
export const autoMvSql: SqlModule = {
  name: 'pgauto_mv',
  directory: new URL('../sql/', import.meta.url),
  extension: 'pg_auto_mv',
};
