import type fc from 'fast-check';
import { drop, redrive, redriveChannel, register, setState, snooze } from './people-steps.js';
import { advance, attach, bury, crash, detach, promote, reclaim, rescue, stall, wake } from './processor-steps.js';
import { notify, notifyMany } from './producer-steps.js';
import type { RealRelay } from './real-relay.js';
import type { RelayModel } from './relay-model.js';
import { claim, failUnclaimed, release, runBatch, settle } from './work-steps.js';

const often = <T>(times: number, step: T): T[] => Array<T>(times).fill(step);

/** What can happen; what moves events is likelier than what ends them all. */
export const steps: fc.Arbitrary<fc.AsyncCommand<RelayModel, RealRelay>>[] = [
  ...[often(5, notify), often(3, notifyMany), often(8, claim), often(8, settle), often(4, runBatch)].flat(),
  ...[release, release, reclaim, failUnclaimed, ...often(3, advance), ...often(4, promote)],
  ...[attach, detach, stall, wake, bury, rescue, ...often(4, crash)],
  ...[setState, drop, register, register, redrive, redrive, redriveChannel, snooze, snooze],
];
