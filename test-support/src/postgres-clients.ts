import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Folder of psql, pg_dump, pg_dumpall and pg_restore. */
export interface PostgresClients {
  readonly folder: string;
  readonly major: number;
}

/**
 * PostgreSQL's own client programs, which no npm package has, for a server of this major version: pg_dump refuses one that is newer than
 * itself. They are looked for on the PATH and where Debian puts them; where root may install packages of Debian they are installed.
 * A text says why there are none: a test that needs them says so in its name, and the first lane of CI that has them runs it.
 */
export async function postgresClients(server: number): Promise<PostgresClients | string> {
  const found = suitable(server) ?? ((await install(server)) ? suitable(server) : undefined);
  return found ?? `no pg_dump of version ${server} or later on this machine`;
}

function suitable(server: number): PostgresClients | undefined {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...(existsSync(debian) ? readdirSync(debian).map((version) => path.join(debian, version, 'bin')) : []),
  ];
  for (const folder of folders) {
    const { stdout } = spawnSync(path.join(folder, 'pg_dump'), ['--version'], { encoding: 'utf8' });
    const major = Number(/PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1]);
    if (major >= server && existsSync(path.join(folder, 'psql'))) return { folder, major };
  }
  return undefined;
}

/** Asks Debian for its client of any version; the one it has may be too old. Only as root, as in a container of CI. */
async function install(server: number): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (offered() === 0) await apt('update');
  return offered() >= server && (await apt('install', '--yes', '--no-install-recommends', 'postgresql-client'));
}

async function apt(...args: readonly string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn('apt-get', args, { stdio: 'ignore', env });
  const [code] = await once(child, 'close').catch(() => [1]);
  return code === 0;
}

/** The major version of the package, 0 when there is none. */
function offered(): number {
  const { stdout } = spawnSync('apt-cache', ['policy', 'postgresql-client'], { encoding: 'utf8' });
  return Number(/Candidate: (\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}
