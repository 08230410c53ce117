import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BaseFolder, checkMajorVersion, chooseBaseFolder } from './base-folder.js';
import { type Binaries, binariesVersion } from './binaries.js';
import { EmbeddedError } from './errors.js';
import { initialise } from './initdb.js';
import { launch } from './launch.js';
import { type EmbeddedOptions, type EmbeddedServer, validateOptions } from './options.js';
import { takeOwnership } from './owner-lock.js';
import { readPassword } from './password.js';
import { choosePort, keepPort } from './port.js';
import { findPostmaster, type Postmaster, stopPostmaster } from './postmaster.js';
import { untilReady } from './ready.js';
import { handle } from './server-handle.js';
import { usableBinaries } from './usable-binaries.js';

/**
 * Starts a real PostgreSQL server on a folder, or takes over the one that a killed process left running there.
 * One process at a time may do so; a second one gets EMBEDDED_ALREADY_RUNNING.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  validateOptions(options);
  const say = options.onMessage ?? (() => undefined);
  const folder = chooseBaseFolder(options.directory, say);
  const release = await takeOwnership(folder.base);
  try {
    const binaries = usableBinaries(options.binaries, folder.runAs, say);
    const version = binariesVersion(binaries);
    const password = prepareData(folder, binaries, version, options.ephemeral ?? false);
    const settings = options.postgresArgs ?? {};
    const wish = { folder, binaries, password, settings, version, say };
    const postmaster = (await adopt(wish, options.port)) ?? (await start(wish, options.port));
    return handle({ folder, postmaster, password, version, release, ephemeral: options.ephemeral ?? false });
  } catch (error) {
    release();
    throw error;
  }
}

/** Stops the server that a killed process left on this folder, if any; refuses while its owner lives. */
export async function stopAbandoned(directory: string): Promise<boolean> {
  const folder = chooseBaseFolder(directory, () => undefined);
  const release = await takeOwnership(folder.base);
  try {
    const found = findPostmaster(folder.data);
    if (found) await stopPostmaster(found.pid);
    return found !== undefined;
  } finally {
    release();
  }
}

interface Wish {
  readonly folder: BaseFolder;
  readonly binaries: Binaries;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly version: string;
  readonly say: (text: string) => void;
}

function prepareData(folder: BaseFolder, binaries: Binaries, version: string, ephemeral: boolean): string {
  if (!existsSync(path.join(folder.data, 'PG_VERSION'))) initialise(folder, binaries, ephemeral);
  checkMajorVersion(folder.data, version);
  return readPassword(folder.base);
}

/** A server left running is used as it is when it is the one wanted, and stopped when it is not. */
async function adopt(wish: Wish, port: number | undefined): Promise<Postmaster | undefined> {
  const { folder, password, say } = wish;
  const found = findPostmaster(folder.data);
  if (found === undefined) return undefined;
  const same = readState(folder.base) === stateOf(wish) && (port === undefined || port === found.port);
  if (same && (await answers({ ...found, password, data: folder.data }))) {
    say(`The PostgreSQL server that an earlier process left running (process ${found.pid}) is used again.`);
    return found;
  }
  say(`The PostgreSQL server that an earlier process left running (process ${found.pid}) is stopped.`);
  await stopPostmaster(found.pid);
  return undefined;
}

async function answers(found: Postmaster & { password: string; data: string }): Promise<boolean> {
  const gone = () => (findPostmaster(found.data) ? undefined : new Error('the server has gone'));
  return untilReady(found, gone).then(
    () => true,
    () => false,
  );
}

async function start(wish: Wish, wanted: number | undefined): Promise<Postmaster> {
  const { base } = wish.folder;
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(base, wanted);
    writeFileSync(path.join(base, 'server.json'), stateOf(wish));
    try {
      const postmaster = await launch({ ...wish, port });
      keepPort(base, port);
      return postmaster;
    } catch (error) {
      // Somebody may take a free port between our look and the server's start: then another one does as well.
      const lost = error instanceof EmbeddedError && error.code === 'EMBEDDED_PORT_TAKEN';
      if (!lost || wanted !== undefined || attempt === 5) throw error;
    }
  }
}

/** What a running server must have in common with the wanted one to be used again. */
function stateOf({ settings, version, binaries }: Wish): string {
  return JSON.stringify({ version, postgres: binaries.postgres, settings: Object.entries(settings).sort() });
}

function readState(base: string): string | undefined {
  const file = path.join(base, 'server.json');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
