import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { untilUnused } from './leak-check.js';
import { until } from './until.js';
import './provided.js';
import type { Templates } from './templates.js';
import { TestDatabase } from './test-database.js';
import { withDatabase } from './urls.js';
import { withClient } from './with-client.js';

export interface UseDatabaseOptions {
  /** What the database is a copy of: one with every module installed, or an empty one. Default: `migrated`. */
  readonly template?: keyof Templates;
}

/**
 * Gives a test file a database of its own: call it at the top of the file. When the file ends, every connection
 * to it must have been closed, or the file fails.
 */
export function useDatabase({ template = 'migrated' }: UseDatabaseOptions = {}): TestDatabase {
  const database = new TestDatabase();
  beforeAll(async () => {
    const { url, run, templates } = inject('pgrelay');
    const name = `pgrelay_${run}_${randomBytes(4).toString('hex')}`;
    await withClient(url, (client) => client.query(`create database ${name} template ${templates[template]}`));
    database.open(withDatabase(url, name));
    // A clone is another node than its template, and a node works only its own events.
    if (template === 'migrated')
      await withClient(withDatabase(url, name), (client) => client.query('select pgrelay.this_node()'));
  });
  afterAll(async () => {
    await database.closeAll();
    await withClient(inject('pgrelay').url, async (client) => {
      try {
        await untilUnused(client, database.name);
      } finally {
        await dropDatabase(client, database.name);
        for (const role of database.roles) await client.query(`drop role ${role}`);
      }
    });
  });
  return database;
}

/** A login that is no superuser may not end an autovacuum worker that happens to be there: it is waited for. */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await until(async () => {
    try {
      await client.query(`drop database if exists ${name} with (force)`);
      return true;
    } catch (error) {
      if (sqlstateOf(error) !== '42501') throw error;
      return false;
    }
  }, `database ${name} can be dropped`);
}

const sqlstateOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
