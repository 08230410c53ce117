import { readFileSync } from 'node:fs';

/** The unit of times in /proc, in ms: Linux has it at 100 a second on every platform that Node runs on. */
const TICK_MS = 10;

/** CPU time of a process with all its threads, user and system, in ms; with that of the children it has waited for. */
export function cpuMs(pid: number): { readonly own: number; readonly reaped: number; readonly parent: number } {
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const at = (index: number) => Number(fields[index]);
  return { own: (at(11) + at(12)) * TICK_MS, reaped: (at(13) + at(14)) * TICK_MS, parent: at(1) };
}

/** The highest resident memory that a process has had so far, in MiB. */
export function peakMiB(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round((Number(kilobytes ?? Number.NaN) / 1024) * 10) / 10;
}

/** What a process shows as its command line. */
export function title(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
}

/** The fields from the third on: the second, the program's name in brackets, may hold anything. */
const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
