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
  readonly #fixed: () => number | undefined;
  readonly #busyShare: () => number;
  #limit: number;
  #looked = performance.now();

  /** `fixed`: the number that was given, or a function that says which is now. `busyShare`: how much of the time since it was asked last the event loop was busy, 0 to 1. */
  constructor(fixed: number | undefined | (() => number | undefined), busyShare: () => number = busySince()) {
    this.#fixed = typeof fixed === 'function' ? fixed : () => fixed;
    this.#busyShare = busyShare;
    this.#limit = adaptiveConcurrency.first;
  }

  get limit(): number {
    return this.#fixed() ?? this.#limit;
  }

  /** Called when a handler ends; `waiting`: whether events wait for one. */
  learn(waiting: boolean, now: number): void {
    if (this.#fixed() !== undefined || now - this.#looked < adaptiveConcurrency.everyMs) return;
    this.#looked = now;
    const busy = this.#busyShare();
    if (busy > busyLoop) this.#limit = Math.max(adaptiveConcurrency.least, Math.floor(this.#limit * 0.8));
    else if (waiting && busy < easyLoop)
      this.#limit = Math.min(adaptiveConcurrency.most, Math.ceil(this.#limit * 1.25));
  }
}

function busySince(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
