import pg from 'pg';
import { defaultMigrateOptions, lockKey } from './migrate.js';
import { forSchema, migratorSql } from './migrator-sql.js';
import { type LoadedModule, loadModule, type Migration, relaySql, type SqlModule } from './sql-module.js';

/**
 * What `migrate` does as one SQL text, for psql or the console of a cloud, where no Node can reach the database. Installs or
 * upgrades, in one transaction, and may be run again; `migrate` then finds nothing to do. It waits for locks as `migrate` does,
 * but tries once.
 * @throws RelayError RELAY_MIGRATION_NAME; when run, it raises PR010, PR027, PR040, PR041
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
    ...(await Promise.all(modules.map(refusal))),
    await migratorSql('roles.sql'),
    await migratorSql('migrator/bootstrap.sql'),
    ...(await Promise.all(modules.map(moduleScript))),
    await migratorSql('script/end.sql'),
  ];
  return parts.map((part) => `${part.trimEnd()}\n`).join('\n');
}

async function refusal(module: LoadedModule): Promise<string> {
  const known = Object.fromEntries(module.migrations.map(({ version, checksum }) => [version, checksum]));
  return fill(await migratorSql('script/refuse.sql'), {
    module: pg.escapeLiteral(module.name),
    known: pg.escapeLiteral(JSON.stringify(known)),
  });
}

async function moduleScript(module: LoadedModule): Promise<string> {
  const record = fill(await migratorSql('migrator/record_module.sql'), {
    1: pg.escapeLiteral(module.name),
    2: pg.escapeLiteral(module.checksum),
  });
  return [
    'reset role;',
    forSchema(await migratorSql('migrator/create_schema.sql'), module.name),
    'set local role pgrelay_owner;',
    ...(await Promise.all(module.migrations.map((migration) => guarded(module, migration)))),
    ...module.functions.map(({ sql }) => sql),
    forSchema(await migratorSql('migrator/revoke_public.sql'), module.name),
    module.grants,
    `${record.trimEnd()};`,
  ].join('\n');
}

/** A migration that runs only where it has not. */
async function guarded(module: LoadedModule, migration: Migration): Promise<string> {
  return fill(await migratorSql('script/migration.sql'), {
    module: module.name,
    literal: pg.escapeLiteral(module.name),
    version: String(migration.version),
    name: migration.name,
    name_literal: pg.escapeLiteral(migration.name),
    checksum: pg.escapeLiteral(migration.checksum),
    sql: migration.sql,
  });
}

/** Replaces `:name` and `$1` in one pass, so that nothing in a value is taken for another. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/(?<!:):([a-z_]+)\b|\$(\d)\b/g, (whole, name, number) => values[name ?? number] ?? whole);
}
