import { autoMvSql } from '@pgrelay/auto-mv';
import { cronSql } from '@pgrelay/plugin-cron';
import { httpSql } from '@pgrelay/plugin-http';
import { migrate } from '@pgrelay/relay-sql';

/** Installs the SQL of every module that brings some. */
export async function migrateModules(connectionString: string): Promise<void> {
  await migrate({ connectionString, modules: [autoMvSql, cronSql, httpSql] });
}
