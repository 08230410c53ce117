import type { Logger } from 'pino';
import type { Queryable } from '../db/queryable.js';

export interface TaskContext {
  /** The Processor's control connection, shared: short statements only. */
  readonly control: Queryable;
  readonly log: Logger;
  /** Aborted when the Processor stops. */
  readonly signal: AbortSignal;
}

/** Short work that a Processor does again and again. */
export interface PeriodicTask {
  readonly name: string;
  /** Pause between two runs, in ms. */
  readonly everyMs: number;
  /** Returns the ms until its next run when that is to differ from everyMs. What it throws is logged; it runs again. */
  run(context: TaskContext): Promise<number | undefined>;
}
