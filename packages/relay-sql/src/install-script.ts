import { defaultMigrateOptions, lockKey } from './migrate.js';
import { forSchema, migratorSql } from './migrator-sql.js';
import { fill, moduleBody, refusal } from './script-parts.js';
import { type LoadedModule, loadModule, relaySql, type SqlModule } from './sql-module.js';

/**
 * What `migrate` does as one SQL text, for psql or the console of a cloud, where no Node can reach the database. Installs or
 * upgrades, in one transaction, and may be run again; `migrate` then finds nothing to do. It waits for locks as `migrate` does,
 * but tries once.
 * @throws RelayError RELAY_MIGRATION_NAME; when run, it raises PR010, PR027, PR040, PR041, PR042
 */
export async function installScript(
  options: { readonly modules?: readonly SqlModule[]; readonly title?: string } = {},
) {
  const modules = await Promise.all([relaySql, ...(options.modules ?? [])].map(loadModule));
  const parts = [
    fill(await migratorSql('script/begin.sql'), {
      title: (options.title ?? 'pgrelay').replaceAll('\n', ' '),
      lock: String(lockKey),
      lock_timeout: `${defaultMigrateOptions.lockTimeoutMs}ms`,
    }),
    ...(await Promise.all(modules.map((module) => refusal(module)))),
    await migratorSql('roles.sql'),
    await migratorSql('migrator/bootstrap.sql'),
    'set local role pgrelay_owner;',
    await migratorSql('migrator/bookkeeping.sql'),
    ...(await Promise.all(modules.map(moduleScript))),
    await migratorSql('script/end.sql'),
  ];
  return parts.map((part) => `${part.trimEnd()}\n`).join('\n');
}

async function moduleScript(module: LoadedModule): Promise<string> {
  return [
    'reset role;',
    forSchema(await migratorSql('migrator/create_schema.sql'), module.name),
    'set local role pgrelay_owner;',
    ...(await moduleBody(module)),
  ].join('\n');
}
