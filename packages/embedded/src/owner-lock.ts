import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedError, systemCode } from './errors.js';
import { isAlive, startOf } from './process-identity.js';

interface Owner {
  readonly pid: number;
  readonly start: string;
}

/**
 * One process at a time owns a folder. The lock is a file that only one can create; it names its maker, so that
 * the lock of a killed process is recognised and taken over. Should two processes take over the same stale lock
 * in the same instant, PostgreSQL's own lock on its data folder is the second line.
 */
export async function takeOwnership(base: string): Promise<() => void> {
  const file = path.join(base, 'owner.lock');
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) } satisfies Owner);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return () => release(file, mine);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const text = read(file);
    const owner = parse(text);
    if (owner && isAlive(owner.pid) && startOf(owner.pid) === owner.start) throw alreadyRunning(base, owner.pid);
    // An empty lock is being written by its maker right now; it stays empty only if that one was killed.
    if (text === '' && attempt < 40) await pause(25);
    else removeStale(file, text);
  }
  throw new EmbeddedError('EMBEDDED_ALREADY_RUNNING', `Other processes keep taking ${file}. Start only one at a time.`);
}

export function alreadyRunning(base: string, pid: number): EmbeddedError {
  return new EmbeddedError(
    'EMBEDDED_ALREADY_RUNNING',
    `Process ${pid} already uses the embedded PostgreSQL in ${base}. Stop it, connect to its server, or name another folder.`,
  );
}

/** Renaming lets one process win; one that finds a fresh lock in its hands puts it back. */
function removeStale(file: string, seen: string | undefined): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (read(aside) === seen) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function release(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string | undefined): Owner | undefined {
  try {
    return JSON.parse(text ?? '') as Owner;
  } catch {
    return undefined;
  }
}
