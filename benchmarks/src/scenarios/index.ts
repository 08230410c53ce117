import type { Scenario } from '../harness/scenario.js';
import { writerWait } from './writer-wait.js';

/** All scenarios, one a file. */
export const scenarios: readonly Scenario[] = [writerWait];
