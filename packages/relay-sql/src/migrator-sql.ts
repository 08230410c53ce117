import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { relaySql } from './sql-module.js';

/** A file of the migrator, or of the script that does its work without it. */
export function migratorSql(
  path: `${'migrator' | 'script' | 'extension' | 'uninstall'}/${string}` | 'roles.sql',
): Promise<string> {
  return readFile(new URL(path, relaySql.directory), 'utf8');
}

/** Puts the quoted name of a schema where a file of the migrator wants it. */
export function forSchema(sql: string, schema: string): string {
  return sql
    .replaceAll(':schema', pg.escapeIdentifier(schema))
    .replaceAll(':literal', pg.escapeLiteral(pg.escapeIdentifier(schema)));
}
