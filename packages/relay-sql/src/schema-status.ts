import pg from 'pg';
import { readState } from './migrate.js';
import { loadModule, relaySql, type SqlModule } from './sql-module.js';

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

/** Compares what is installed with the files, and changes nothing. Needs pgrelay_viewer, as every Processor's login has. */
export async function schemaStatus(options: {
  readonly connectionString: string;
  /** Modules of plugins; the relay's own is always looked at. */
  readonly modules?: readonly SqlModule[];
}): Promise<readonly ModuleState[]> {
  const modules = await Promise.all([relaySql, ...(options.modules ?? [])].map(loadModule));
  const client = new pg.Client({ connectionString: options.connectionString, application_name: 'pgrelay status' });
  await client.connect();
  try {
    const installed = await readState(client);
    return modules.map(({ name, migrations, checksum }) => {
      const have = installed.get(name);
      if (have === undefined) return { module: name, status: 'missing' };
      const newest = Math.max(0, ...have.keys());
      if (newest !== migrations.length) return { module: name, status: newest < migrations.length ? 'old' : 'newer' };
      return { module: name, status: have.get(0) === checksum ? 'current' : 'different' };
    });
  } finally {
    await client.end();
  }
}
