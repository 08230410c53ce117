import os from 'node:os';
import type pg from 'pg';
import { sqlFile } from './sql-files.js';

/** The machine, without its name. */
export function machine(): Record<string, string | number> {
  const [cpu] = os.cpus();
  return {
    platform: `${os.platform()} ${os.arch()}`,
    cpus: os.availableParallelism(),
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    loadBefore: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
    node: process.version,
  };
}

/** The server's version and the settings that figures depend on. */
export async function serverFacts(client: pg.Client): Promise<unknown> {
  const { rows } = await client.query(sqlFile('settings.sql'));
  return rows[0];
}
