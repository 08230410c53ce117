import type pg from 'pg';
import { sqlFile } from '../harness/sql-files.js';

/** Has views verified by auto-mv itself, until told to stop, with no regard to what it costs. What it finds is in the totals. */
export async function verifyAgainAndAgain(client: pg.Client, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) await client.query(sqlFile('mv-soak/verify.sql'));
}
