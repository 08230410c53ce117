import type { SqlModule } from '@pgrelay/relay-sql';

/** The database side of plugin-http: schema `pgrelay_http`. Handed to `migrate()` after the relay's own. */
export const httpSql: SqlModule = {
  name: 'pgrelay_http',
  directory: new URL('../sql/', import.meta.url),
  extension: 'pg_relay_http',
};
