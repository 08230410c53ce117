import { setTimeout as pause } from 'node:timers/promises';

/** Does something every so many ms, one after the other, as a cron job does, until it is stopped. */
export class Repeat {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(everyMs: number, work: () => Promise<unknown>) {
    this.#running = this.#run(everyMs, work);
    this.#running.catch(() => undefined); // stop() and wholeRun() tell
  }

  /** Resolves at the end of the first run that begins after this call; rejects when one goes wrong before. */
  async wholeRun(): Promise<void> {
    const run = new Promise<void>((resolve) => this.#waiting.push(resolve));
    await Promise.race([run, this.#running]);
  }

  /** Waits until what runs has ended; rejects with what went wrong meanwhile. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(everyMs: number, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    let next = performance.now() + everyMs;
    while (!signal.aborted) {
      await pause(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const waiting = this.#waiting.splice(0);
      await work();
      for (const resolve of waiting) resolve();
      next = Math.max(next + everyMs, performance.now());
    }
  }
}
