import { migrateModules } from './modules.js';
import { withDatabase } from './urls.js';
import { withClient } from './with-client.js';

/** What test files clone: a database with every module installed, and one with nothing in it. */
export interface Templates {
  readonly migrated: string;
  readonly empty: string;
}

/** Makes both once per run. Nobody may connect to them, since a database in use cannot be cloned. */
export async function makeTemplates(url: string, run: string): Promise<Templates> {
  const templates = { migrated: `pgrelay_${run}_migrated`, empty: `pgrelay_${run}_empty` };
  await withClient(url, async (client) => {
    for (const name of Object.values(templates)) await client.query(`create database ${name} template template0`);
    await migrateModules(withDatabase(url, templates.migrated));
    for (const name of Object.values(templates)) await client.query(`alter database ${name} allow_connections false`);
  });
  return templates;
}

export async function dropTemplates(url: string, templates: Templates): Promise<void> {
  await withClient(url, async (client) => {
    for (const name of Object.values(templates)) await client.query(`drop database if exists ${name} with (force)`);
  });
}
