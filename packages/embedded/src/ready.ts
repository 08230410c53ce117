import { realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedError, systemCode } from './errors.js';
import { portTaken } from './port.js';

/** Where a server is expected, and how to recognise it. */
export interface Expected {
  readonly port: number;
  readonly password: string;
  readonly data: string;
}

/** Recovery after a crash can take this long. */
const READY_MS = 120_000;

/**
 * Waits until the server answers as the one of our data folder, and returns its version. Ends early when
 * `failure` returns an error, because the process has gone.
 */
export async function untilReady(expected: Expected, failure: () => Error | undefined): Promise<string> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const version = await askVersion(expected);
    if (version !== undefined) return version;
    const error = failure();
    if (error) throw error;
    if (Date.now() > deadline) {
      throw new EmbeddedError(
        'EMBEDDED_START_FAILED',
        `PostgreSQL does not answer on port ${expected.port} after ${READY_MS / 1000} s. Its log is beside ${expected.data}.`,
      );
    }
    await pause(25);
  }
}

async function askVersion({ port, password, data }: Expected): Promise<string | undefined> {
  const client = new pg.Client({ ...superuser(port, password), connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; version: string }>(
      "select current_setting('data_directory') as folder, current_setting('server_version') as version",
    );
    if (rows[0] === undefined || realpathSync(rows[0].folder) !== data) throw portTaken(port);
    return rows[0].version.split(' ')[0];
  } catch (error) {
    if (error instanceof EmbeddedError) throw error;
    // Somebody else's server answers and does not know our password, or does not speak PostgreSQL's protocol.
    if (systemCode(error) === '28P01' || systemCode(error) === '28000') throw portTaken(port);
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function superuser(port: number, password: string) {
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    application_name: 'pgrelay embedded',
  };
}

export function superuserUrl(port: number, password: string): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
}
