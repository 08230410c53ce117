import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type pg from 'pg';
import { connect } from './connect.js';
import { pgrelayBinary } from './engine-process.js';
import { openFreshDatabase } from './fresh-database.js';
import type { ScenarioContext } from './scenario.js';

export interface RelayDatabase {
  readonly url: string;
  /** A connection for setting up and for looking. */
  readonly client: pg.Client;
}

/** What `npx pgrelay migrate` does. */
export async function migrateRelay(url: string): Promise<void> {
  await promisify(execFile)(process.execPath, [pgrelayBinary, 'migrate'], {
    env: { ...process.env, DATABASE_URL: url },
  });
}

/** Gives `work` a new database that `pgrelay migrate` made ready; it is gone afterwards. */
export async function withRelayDatabase<T>(
  name: string,
  context: ScenarioContext,
  work: (database: RelayDatabase) => Promise<T>,
): Promise<T> {
  const database = await openFreshDatabase(name, context.database, context.say);
  try {
    await migrateRelay(database.url);
    const client = await connect(database.url, 'benchmark');
    try {
      return await work({ url: database.url, client });
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
}
