import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stopAbandoned } from '@pgrelay/embedded';
import pg from 'pg';
import { onTestFinished } from 'vitest';

/** A folder that is gone when the test is, with any server left on the `data` folders named. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-embedded-'));
  chmodSync(folder, 0o755);
  onTestFinished(async () => {
    const directory = path.join(folder, 'server');
    if (existsSync(path.join(directory, 'data', 'postmaster.pid'))) await stopAbandoned(directory);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** One statement on a connection of its own. */
export async function ask(url: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url ?? '' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The server process of a data folder, asked of the server itself: its pid changes with every start. */
export async function startedAt(url: string | undefined): Promise<unknown> {
  return (await ask(url, 'select pg_postmaster_start_time()::text as at'))[0]?.at;
}
