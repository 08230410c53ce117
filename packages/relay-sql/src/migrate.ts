import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { forSchema, migratorSql } from './migrator-sql.js';
import { RelayError } from './relay-error.js';
import { type LoadedModule, loadModule, relaySql, type SqlModule } from './sql-module.js';
import { toRelayError } from './sqlstates.js';
import type { StatusConnection } from './status-connection.js';

/** What `migrate` did or is about to do; for progress. */
export interface MigrateStep {
  readonly module: string;
  readonly step: string;
}

export interface MigrateOptions {
  /** The database to install into; its login needs CREATEROLE (or the roles made beforehand) and CREATE on the database. */
  readonly connectionString: string;
  /** Modules of plugins, applied in this order after the relay's own. Default: none. */
  readonly modules?: readonly SqlModule[];
  /** How long a DDL statement waits for a lock before everything is undone and tried again, in ms. */
  readonly lockTimeoutMs?: number;
  /** How long to go on trying, while another migration or a lock is in the way, in ms. */
  readonly waitMs?: number;
  /** Called before each step. */
  readonly onStep?: (step: MigrateStep) => void;
  /** Apply migrations only up to this version of the relay's own module; for tests of upgrades. */
  readonly upTo?: number;
}

export const defaultMigrateOptions = { lockTimeoutMs: 2_000, waitMs: 60_000 } as const;

export interface MigrateResult {
  readonly applied: readonly { readonly module: string; readonly version: number; readonly name: string }[];
  /** Nothing was to be done. */
  readonly upToDate: boolean;
}

/** An arbitrary number that names the migration lock of a database: one migration at a time. */
export const lockKey = 7_237_133_046_291_734;

/** Transient here: a lock in the way, a deadlock, and two installs in one cluster touching the same role at once. */
const transient = new Set(['55P03', '40P01', 'XX000', '23505', '42710']);

/**
 * Installs or upgrades the relay and its plugins' modules, in one transaction: all of it or nothing. Migrations run
 * once; functions and grants are re-applied as a whole when any of them changed. Safe to call from many processes at
 * once and at every start.
 * @throws RelayError RELAY_SCHEMA_NEWER, RELAY_SCHEMA_FOREIGN, RELAY_EXTENSION_INSTALLED, RELAY_MIGRATION_CHANGED, RELAY_MIGRATION_BUSY, RELAY_ROLES_MISSING
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const modules = await Promise.all([relaySql, ...(options.modules ?? [])].map(loadModule));
  const client = new pg.Client({ connectionString: options.connectionString, application_name: 'pgrelay migrate' });
  client.on('error', () => undefined); // its backend was ended: the statement that waits says so
  await client.connect();
  try {
    const deadline = performance.now() + (options.waitMs ?? defaultMigrateOptions.waitMs);
    for (;;) {
      const result = await attempt(client, modules, options);
      if (!(result instanceof Error)) return result;
      if (performance.now() > deadline) {
        throw new RelayError(
          'RELAY_MIGRATION_BUSY',
          `the migration could not get its locks in time: ${result.message}`,
          {
            hint: 'Another migration or a long transaction holds them; try again when it has ended.',
            cause: result,
          },
        );
      }
      await pause(200);
    }
  } finally {
    await client.end();
  }
}

/** One try in one transaction; an Error when something transient was in the way. */
async function attempt(
  client: pg.Client,
  modules: readonly LoadedModule[],
  options: MigrateOptions,
): Promise<MigrateResult | Error> {
  await client.query('begin');
  try {
    const lock = await client.query('select pg_catalog.pg_try_advisory_xact_lock($1) as held', [lockKey]);
    if (lock.rows[0].held !== true) {
      await client.query('rollback');
      return new Error('another migration is running');
    }
    // The installing login may be a superuser: no name is looked up in its own search_path.
    await client.query(
      "select pg_catalog.set_config('lock_timeout', $1, true), pg_catalog.set_config('client_min_messages', 'warning', true), pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('standard_conforming_strings', 'on', true)",
      [`${options.lockTimeoutMs ?? defaultMigrateOptions.lockTimeoutMs}ms`],
    );
    const result = await apply(client, modules, options);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (error instanceof Error && 'code' in error && transient.has(String(error.code))) return error;
    throw toRelayError(error);
  }
}

async function apply(
  client: pg.Client,
  modules: readonly LoadedModule[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const installed = await readState(client);
  for (const module of modules) refuseForeign(module, installed.get(module.name) ?? new Map());
  const upTo = (module: LoadedModule) => (module.name === relaySql.name ? (options.upTo ?? Infinity) : Infinity);
  const stale = modules.filter((module) => {
    const have = installed.get(module.name);
    return (
      have?.get(0) !== module.checksum ||
      module.migrations.some((m) => m.version <= upTo(module) && !have.has(m.version))
    );
  });
  if (stale.length === 0) {
    if (installed.size > 0) await client.query(await migratorSql('migrator/after_restore.sql'));
    return { applied: [], upToDate: true };
  }
  for (const module of stale) await refuseExtension(client, module);

  options.onStep?.({ module: relaySql.name, step: 'roles' });
  await client.query(await migratorSql('roles.sql'));
  await client.query(await migratorSql('migrator/bootstrap.sql'));
  await client.query('set local role pgrelay_owner');
  await client.query(await migratorSql('migrator/bookkeeping.sql'));
  const applied: { module: string; version: number; name: string }[] = [];
  for (const module of stale) {
    await client.query('reset role');
    await client.query(forSchema(await migratorSql('migrator/create_schema.sql'), module.name));
    await client.query('set local role pgrelay_owner');
    for (const migration of module.migrations) {
      if (migration.version > upTo(module) || installed.get(module.name)?.has(migration.version)) continue;
      options.onStep?.({ module: module.name, step: `migration ${migration.version} ${migration.name}` });
      await client.query(migration.sql);
      await client.query(await migratorSql('migrator/record_migration.sql'), [
        module.name,
        migration.version,
        migration.name,
        migration.checksum,
      ]);
      applied.push({ module: module.name, version: migration.version, name: migration.name });
    }
    if (module.migrations.length > upTo(module)) return { applied, upToDate: false }; // functions are those of the newest version
    options.onStep?.({ module: module.name, step: 'functions and grants' });
    for (const file of module.functions) await runFile(client, module.name, file);
    await client.query(forSchema(await migratorSql('migrator/revoke_public.sql'), module.name));
    await client.query(module.grants);
    await client.query(await migratorSql('migrator/record_module.sql'), [module.name, module.checksum]);
  }
  await client.query('select pgrelay.maintain_v1()');
  await client.query('reset role');
  await client.query(await migratorSql('migrator/after_restore.sql'));
  return { applied, upToDate: false };
}

/** What CREATE EXTENSION has made, ALTER EXTENSION upgrades: a dump names the extension and not what is in it. */
async function refuseExtension(client: pg.Client, { name }: LoadedModule): Promise<void> {
  const { rows } = await client.query(await migratorSql('migrator/extension_of.sql'), [name]);
  const [extension] = rows as { name: string; version: string }[];
  if (extension === undefined) return;
  throw new RelayError(
    'RELAY_EXTENSION_INSTALLED',
    `schema ${name} is a part of the extension ${extension.name}, version ${extension.version}, and is to be upgraded with it`,
    {
      hint: `Put the files that npx pgrelay extension makes onto the server, then: alter extension ${extension.name} update;`,
    },
  );
}

/** Runs one function file; an error names the file, since its own words may not. */
async function runFile(
  client: pg.Client,
  module: string,
  file: { readonly name: string; readonly sql: string },
): Promise<void> {
  try {
    await client.query(file.sql);
  } catch (error) {
    if (error instanceof Error) error.message = `${module}/${file.name}: ${error.message}`;
    throw error;
  }
}

/** module → version → checksum; version 0 stands for the module's functions. */
export async function readState(client: StatusConnection): Promise<Map<string, Map<number, string>>> {
  const state = new Map<string, Map<number, string>>();
  const exists = await client.query("select pg_catalog.to_regclass('pgrelay.schema_migration') is not null as yes");
  if ((exists.rows as { yes: boolean }[])[0]?.yes !== true) return state;
  const { rows } = await client.query(await migratorSql('migrator/state.sql'));
  for (const row of rows as { module: string; version: number; checksum: string }[]) {
    const versions = state.get(row.module) ?? new Map<number, string>();
    state.set(row.module, versions.set(row.version, row.checksum));
  }
  return state;
}

/** Refuses a schema that a newer pgrelay has migrated, and migrations that were edited after they ran. */
function refuseForeign(module: LoadedModule, installed: ReadonlyMap<number, string>): void {
  const newest = Math.max(0, ...installed.keys());
  if (newest > module.migrations.length) {
    throw new RelayError(
      'RELAY_SCHEMA_NEWER',
      `schema ${module.name} is at version ${newest}, this pgrelay knows versions up to ${module.migrations.length}`,
      { hint: 'Upgrade this pgrelay; it must not touch a newer schema.' },
    );
  }
  for (const migration of module.migrations) {
    const checksum = installed.get(migration.version);
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new RelayError(
        'RELAY_MIGRATION_CHANGED',
        `migration ${migration.version} ${migration.name} of ${module.name} was edited after it had been applied`,
        { hint: 'Restore the file as it was, and put the change into a new migration.' },
      );
    }
  }
}
