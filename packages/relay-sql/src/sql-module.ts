import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { RelayError } from './relay-error.js';

/** The database side of a package: a schema, and the folder with its SQL files. */
export interface SqlModule {
  /** The schema, which is also the module's name, e.g. `pgauto_mv`. */
  readonly name: string;
  /**
   * A folder with `migrations/NNNN_pre_name.sql` (run once), `functions/*.sql` and `grants.sql` (re-applied); for an extension
   * also `dump.sql`, and `uninstall.sql` for what it leaves in schemas of others.
   */
  readonly directory: URL;
  /** The extension that these files make, e.g. `pg_auto_mv`. Default: none, the module is for `migrate()` only. */
  readonly extension?: string;
}

/** A migration file: run once, never edited afterwards. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** A module with its files read. */
export interface LoadedModule {
  readonly name: string;
  readonly migrations: readonly Migration[];
  /** Function files in the order of their names, then grants.sql. */
  readonly functions: readonly { readonly name: string; readonly sql: string }[];
  readonly grants: string;
  readonly checksum: string;
}

/** The relay's own module: schema `pgrelay`. Always migrated first. */
export const relaySql: SqlModule = {
  name: 'pgrelay',
  directory: new URL('../sql/', import.meta.url),
  extension: 'pg_relay',
};

/** Reads the files of a module and checks their names and numbering. */
export async function loadModule(module: SqlModule): Promise<LoadedModule> {
  const migrations: Migration[] = [];
  for (const file of await sqlFiles(new URL('migrations/', module.directory))) {
    const match = /^(\d{4})_((?:pre|post)_[a-z0-9_]+)\.sql$/.exec(file.name);
    if (match?.[1] === undefined || match[2] === undefined || Number(match[1]) !== migrations.length + 1) {
      throw new RelayError(
        'RELAY_MIGRATION_NAME',
        `migration ${file.name} of module ${module.name} has a wrong name or number`,
        {
          hint: `The next one is ${String(migrations.length + 1).padStart(4, '0')}_pre_<name>.sql or …_post_<name>.sql.`,
        },
      );
    }
    migrations.push({ version: Number(match[1]), name: match[2], sql: file.sql, checksum: hash(file.sql) });
  }
  const functions = await sqlFiles(new URL('functions/', module.directory));
  const grants = await readFile(new URL('grants.sql', module.directory), 'utf8');
  const checksum = hash(...functions.map((file) => file.sql), grants);
  return { name: module.name, migrations, functions, grants, checksum };
}

async function sqlFiles(directory: URL): Promise<{ name: string; sql: string }[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, directory), 'utf8') })));
}

function hash(...texts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const text of texts) digest.update(text).update('\0');
  return digest.digest('hex');
}
