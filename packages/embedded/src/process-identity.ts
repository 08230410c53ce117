import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from './errors.js';

/**
 * Whether a process with this id runs. On Linux a zombie does not count: in a container whose first process
 * collects no children, an orphaned server stays one for ever.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  return processStat(pid)?.state !== 'Z';
}

/** Tells this process from a later one with the same id: its start time on Linux, nothing elsewhere. */
export function startOf(pid: number): string {
  return processStat(pid)?.start ?? '';
}

function processStat(pid: number): { state: string; start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Whether the process is a PostgreSQL server of this data folder, and not a stranger that got its id later. */
export function servesFolder(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'win32') return true;
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) === data) return true;
  } catch {
    // No /proc, or the process of another user: its command line tells.
  }
  return commandLine(pid).includes(data);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  }
}
