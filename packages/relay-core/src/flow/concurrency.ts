import { performance } from 'node:perf_hooks';

/** How many handlers of a channel run at once where none is given: adapted between these, in steps of this length in ms. */
export const adaptiveConcurrency = { first: 16, least: 16, most: 128, everyMs: 100 } as const;

/** A share of busy time of the event loop above which more handlers at once only wait for each other. */
const busyLoop = 0.9;
const easyLoop = 0.7;

/**
 * How many handlers of one channel run at once. A number that was given stays; else it grows by a quarter while events wait
 * although the event loop has time (the handlers wait for others), and falls back while the loop is busy.
 */
export class Concurrency {
  readonly #fixed: number | undefined;
  #limit: number;
  #looked = performance.now();
  #loop = performance.eventLoopUtilization();

  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
    this.#limit = fixed ?? adaptiveConcurrency.first;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Called when a handler ends; `waiting`: whether events wait for one. */
  learn(waiting: boolean, now: number): void {
    if (this.#fixed !== undefined || now - this.#looked < adaptiveConcurrency.everyMs) return;
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#looked = now;
    this.#loop = loop;
    if (utilization > busyLoop) this.#limit = Math.max(adaptiveConcurrency.least, Math.floor(this.#limit * 0.8));
    else if (waiting && utilization < easyLoop)
      this.#limit = Math.min(adaptiveConcurrency.most, Math.ceil(this.#limit * 1.25));
  }
}
