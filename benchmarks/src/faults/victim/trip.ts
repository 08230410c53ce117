import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { failpoint } from '../failpoint.js';
import type { Point } from '../stages.js';
import { type Armed, ENVIRONMENT } from './armed.js';

const armed = read();
let left = armed?.skip ?? 0;
let struck = false;

function read(): Armed | undefined {
  const text = process.env[ENVIRONMENT];
  if (text === undefined || text === '') return undefined;
  const told = JSON.parse(text) as Armed;
  return { ...told, name: failpoint(told.name).name };
}

/** How long the server gets between what is sent and the fault, in ms. */
export const delayMs = armed?.delayMs ?? 0;

/** Whether the fault strikes here and now; those that are let pass are counted. */
export function strikes(stage: string, point: Point): boolean {
  if (struck || armed?.name !== `${stage}:${point}`) return false;
  if (left > 0) {
    left -= 1;
    return false;
  }
  struck = true;
  return true;
}

/** Says so, and strikes. */
export function strike(cut: () => void = () => undefined): void {
  tell(`hit ${armed?.name}`);
  if (armed?.fault === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (armed?.fault === 'stop') process.kill(process.pid, 'SIGSTOP');
  else cut();
}

/** For a stage in the handler's own code. */
export function reach(stage: string, point: Point): void {
  if (strikes(stage, point)) strike();
}

/** One line for the parent, written before anything else can happen. */
export function tell(line: string): void {
  writeSync(1, `${line}${isMainThread ? '' : ' (heartbeat)'}\n`);
}
