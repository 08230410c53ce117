import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** What was seen is shown for so long at least, in ms, so that two who ask do not hide it from each other. */
const windowMs = 10_000;

/** How long the event loop was kept from turning, lately. */
export class EventLoopWatch {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 50 });
  #before = 0;
  #since = performance.now();

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** The longest time in the last 10 s or a little more, in ms. */
  longestMs(): number {
    const now = Math.round(this.#histogram.max / 1e6);
    const longest = Math.max(this.#before, now);
    if (performance.now() - this.#since > windowMs) {
      this.#before = now;
      this.#since = performance.now();
      this.#histogram.reset();
    }
    return longest;
  }
}
