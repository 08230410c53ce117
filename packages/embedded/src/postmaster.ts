import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedError, systemCode } from './errors.js';
import { isAlive, servesFolder } from './process-identity.js';

/** A running server process. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** How long a server may take to end its sessions before it is made to crash, which is safe, but slower to start from. */
const FAST_SHUTDOWN_MS = 30_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;

/**
 * The server that runs on this data, as `postmaster.pid` has it. A server outlives a killed parent, so it may well
 * run; or the file may be left from a crash, and then its process id can by now be a stranger's.
 */
export function findPostmaster(data: string): Postmaster | undefined {
  const file = path.join(data, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (pid > 0 && servesFolder(pid, data)) return { pid, port };
  // PostgreSQL would take a stranger with that id for another server, and refuse to start.
  rmSync(file, { force: true });
  return undefined;
}

/** Ends all sessions, writes a checkpoint and waits until the process is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    send(pid, signal);
    if (await gone(pid, patience)) return;
  }
  throw new EmbeddedError(
    'EMBEDDED_STOP_FAILED',
    `The PostgreSQL server, process ${pid}, does not stop. End it with kill -9 ${pid}.`,
  );
}

/** Crashes the server. Its other processes notice, and go. */
export async function killPostmaster(pid: number): Promise<void> {
  send(pid, 'SIGKILL');
  await gone(pid, IMMEDIATE_SHUTDOWN_MS);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

async function gone(pid: number, patience: number): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}
