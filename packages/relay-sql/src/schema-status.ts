import pg from 'pg';
import { readState } from './migrate.js';
import { type LoadedModule, loadModule, relaySql, type SqlModule } from './sql-module.js';
import type { StatusConnection } from './status-connection.js';

/**
 * How a module in the database stands to this package's files. `old`: migrations are missing. `newer`: a later release
 * has migrated it, which this one can work with. `different`: the same migrations with other functions, from an earlier
 * release or a later one.
 */
export type ModuleStatus = 'missing' | 'old' | 'current' | 'different' | 'newer';

export interface ModuleState {
  readonly module: string;
  readonly status: ModuleStatus;
}

/** The files of a module do not change while a process runs, and who asks often need not read them often. */
const loaded = new WeakMap<SqlModule, Promise<LoadedModule>>();

/**
 * Compares what is installed with the files, and changes nothing. Needs pgrelay_viewer, as every Processor's login has. It opens a
 * connection of its own, or asks on `db`.
 */
export async function schemaStatus(
  options: {
    /** Modules of plugins; the relay's own is always looked at. */
    readonly modules?: readonly SqlModule[];
  } & ({ readonly connectionString: string } | { readonly db: StatusConnection }),
): Promise<readonly ModuleState[]> {
  const modules = await Promise.all([relaySql, ...(options.modules ?? [])].map(loadOnce));
  if ('db' in options) return compare(modules, await readState(options.db));
  const client = new pg.Client({ connectionString: options.connectionString, application_name: 'pgrelay status' });
  await client.connect();
  try {
    return compare(modules, await readState(client));
  } finally {
    await client.end();
  }
}

function loadOnce(module: SqlModule): Promise<LoadedModule> {
  const loading = loaded.get(module) ?? loadModule(module);
  loaded.set(module, loading);
  loading.catch(() => loaded.delete(module));
  return loading;
}

function compare(
  modules: readonly LoadedModule[],
  installed: ReadonlyMap<string, ReadonlyMap<number, string>>,
): readonly ModuleState[] {
  return modules.map(({ name, migrations, checksum }) => {
    const have = installed.get(name);
    if (have === undefined) return { module: name, status: 'missing' };
    const newest = Math.max(0, ...have.keys());
    if (newest !== migrations.length) return { module: name, status: newest < migrations.length ? 'old' : 'newer' };
    return { module: name, status: have.get(0) === checksum ? 'current' : 'different' };
  });
}
