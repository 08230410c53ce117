import pg from 'pg';
import { forSchema, migratorSql } from './migrator-sql.js';
import type { LoadedModule, Migration } from './sql-module.js';

/** SQL that refuses what a newer release has migrated, and migrations that were edited. */
export async function refusal(module: LoadedModule, byExtension = false): Promise<string> {
  const known = Object.fromEntries(module.migrations.map(({ version, checksum }) => [version, checksum]));
  return fill(await migratorSql('script/refuse.sql'), {
    module: pg.escapeLiteral(module.name),
    known: pg.escapeLiteral(JSON.stringify(known)),
    by_extension: String(byExtension),
  });
}

/** What there is to do in a module's schema, by its owner: migrations that have not run, functions, grants, and the record of it. */
export async function moduleBody(module: LoadedModule): Promise<readonly string[]> {
  const record = fill(await migratorSql('migrator/record_module.sql'), {
    1: pg.escapeLiteral(module.name),
    2: pg.escapeLiteral(module.checksum),
  });
  return [
    ...(await Promise.all(module.migrations.map((migration) => guarded(module, migration)))),
    ...module.functions.map(({ sql }) => sql),
    forSchema(await migratorSql('migrator/revoke_public.sql'), module.name),
    module.grants,
    `${record.trimEnd()};`,
  ];
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
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/(?<!:):([a-z_]+)\b|\$(\d)\b/g, (whole, name, number) => values[name ?? number] ?? whole);
}
