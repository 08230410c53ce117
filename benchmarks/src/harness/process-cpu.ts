import { readFileSync } from 'node:fs';

/** Linux counts the CPU time of a process in ticks of 10 ms. */
const TICK_MS = 10;

/** CPU time in ms that processes of this machine have used, all their threads, in user and in kernel mode. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuMs(pid), 0);
}

function processCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on; the name before may hold anything
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
