import type { Scenario } from '../harness/scenario.js';
import { drainLeased } from './drain-leased.js';
import { drainSql } from './drain-sql.js';
import { enqueue } from './enqueue.js';
import { writerWait } from './writer-wait.js';

/** All scenarios, one a file. */
export const scenarios: readonly Scenario[] = [drainSql, drainLeased, enqueue, writerWait];
