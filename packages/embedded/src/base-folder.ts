import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedError } from './errors.js';
import { chooseRunAs, type RunAs } from './run-as.js';
import { canSearch, makeOwnFolder, substituteFor } from './searchable.js';

/** The folder that holds everything of one server, and who runs it. */
export interface BaseFolder {
  readonly base: string;
  /** PostgreSQL's data folder, a folder in `base`. */
  readonly data: string;
  readonly runAs: RunAs | undefined;
}

/**
 * Finds where the data is, or shall be: in the folder asked for, or in its substitute under `/var/tmp` when the
 * server's user cannot search that one. Existing data is never left behind for an empty database elsewhere.
 */
export function chooseBaseFolder(directory: string, say: (text: string) => void): BaseFolder {
  const base = realFolder(path.resolve(directory));
  const existing = checkedData(base);
  const runAs = chooseRunAs(ownerOf(existing));
  if (canSearch(runAs, base)) return describe(base, runAs);
  if (existing !== undefined) {
    throw unreadable(base, `the user ${runAs?.name}, who owns the data in it, cannot search it or a folder above it`);
  }
  const substitute = makeOwnFolder(substituteFor(base));
  say(
    `The user ${runAs?.name}, who runs PostgreSQL because it refuses root, cannot search ${base}. ` +
      `The data of the embedded PostgreSQL is in ${substitute} instead.`,
  );
  return describe(substitute, chooseRunAs(ownerOf(checkedData(substitute))) ?? runAs);
}

function describe(base: string, runAs: RunAs | undefined): BaseFolder {
  return { base, data: path.join(base, 'data'), runAs };
}

function ownerOf(folder: string | undefined): number | undefined {
  return folder === undefined ? undefined : statSync(folder).uid;
}

function realFolder(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(directory);
  } catch (cause) {
    throw unreadable(directory, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The data folder if there is one. What is there and is no data of ours is left alone, with an error. */
function checkedData(base: string): string | undefined {
  const data = path.join(base, 'data');
  if (!existsSync(data)) return undefined;
  try {
    const entries = readdirSync(data);
    if (entries.includes('PG_VERSION') || entries.length === 0) return entries.length === 0 ? undefined : data;
  } catch (cause) {
    throw unreadable(data, `it belongs to the user with uid ${statSync(data).uid}`, cause);
  }
  throw new EmbeddedError(
    'EMBEDDED_FOLDER_NOT_OURS',
    `${data} holds files, but no PostgreSQL data. Name another folder, or remove what is in this one.`,
  );
}

/** Refuses data of another major version, which PostgreSQL cannot read. */
export function checkMajorVersion(data: string, version: string): void {
  const found = readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  const major = version.split('.')[0];
  if (found !== major) {
    throw new EmbeddedError(
      'EMBEDDED_WRONG_VERSION',
      `The data in ${data} is of PostgreSQL ${found}, these binaries are ${version}. Use binaries of version ${found}, ` +
        'name another folder, or remove this one to begin with an empty database.',
    );
  }
}

/** Makes a folder that only the server's user may enter, as PostgreSQL demands. */
export function makePrivateFolder(folder: string, runAs: RunAs | undefined): void {
  mkdirSync(folder, { mode: 0o700 });
  if (runAs) chownSync(folder, runAs.uid, runAs.gid);
}

function unreadable(folder: string, reason: string, cause?: unknown): EmbeddedError {
  const { username } = os.userInfo();
  return new EmbeddedError(
    'EMBEDDED_FOLDER_UNREADABLE',
    `${folder} cannot be used for the embedded PostgreSQL by the user ${username}: ${reason}. ` +
      'Change its owner or permissions, start as the user who owns it, or name another folder.',
    { cause },
  );
}
