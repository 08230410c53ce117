import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

const root = new URL('../../sql/', import.meta.url);

/** The text of one file below benchmarks/sql. */
export function sqlFile(name: string): string {
  return readFileSync(new URL(name, root), 'utf8');
}

/** Runs every file of a folder below benchmarks/sql, in name order. */
export async function runFolder(client: pg.Client, folder: string): Promise<void> {
  const names = readdirSync(new URL(`${folder}/`, root)).filter((name) => name.endsWith('.sql'));
  for (const name of names.sort()) await client.query(sqlFile(`${folder}/${name}`));
}
