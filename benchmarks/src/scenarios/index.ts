import type { Scenario } from '../harness/scenario.js';
import { contention } from './contention.js';
import { crash } from './crash.js';
import { heldSnapshot } from './held-snapshot.js';
import { idle } from './idle.js';
import { latency } from './latency.js';
import { writerWait } from './writer-wait.js';

/** All scenarios, one a file. */
export const scenarios: readonly Scenario[] = [writerWait, contention, crash, idle, latency, heldSnapshot];
