import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The schemas of the composed modules. */
export const schemas = ['pgrelay', 'pgrelay_action', 'pgauto_mv', 'pgrelay_http', 'pgrelay_cron'];

/** All that is installed in them, as text that can be compared. */
export async function catalog(client: pg.Client): Promise<string> {
  const sql = await readFile(new URL('./catalog.sql', import.meta.url), 'utf8');
  await client.query("set search_path = ''");
  const { rows } = await client.query<{ line: string }>({ text: sql, values: [schemas] });
  return rows.map(({ line }) => line).join('\n');
}
