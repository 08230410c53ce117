import { autoMvSql } from '@pgrelay/auto-mv';
import * as cron from '@pgrelay/plugin-cron';
import { migrate, type SqlModule } from '@pgrelay/relay-sql';

/** Installs the SQL of every module that brings some. */
export async function migrateModules(connectionString: string): Promise<void> {
  const { cronSql }: { readonly cronSql?: SqlModule } = cron;
  await migrate({ connectionString, modules: [autoMvSql, ...(cronSql ? [cronSql] : [])] });
}
