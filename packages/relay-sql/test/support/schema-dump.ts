import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** What is installed in these schemas, as text that can be compared. */
export async function schemaDump(client: Pick<pg.Client, 'query'>, schemas: readonly string[]): Promise<string> {
  const sql = await readFile(new URL('./schema-dump.sql', import.meta.url), 'utf8');
  const { rows } = await client.query<{ line: string }>(sql, [schemas]);
  return `${rows.map((row) => row.line).join('\n')}\n`;
}
