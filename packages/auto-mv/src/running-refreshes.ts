import type { Service } from '@pgrelay/relay-core';

/** How long stop() waits for refreshes that were aborted to give their claims back. */
const PATIENCE_MS = 5_000;

/** The refreshes of this Processor; its stop waits until each has ended or given its claim back. */
export class RunningRefreshes implements Service {
  readonly name = 'auto-mv refreshes';
  readonly #running = new Set<Promise<unknown>>();

  async track<T>(refresh: Promise<T>): Promise<T> {
    this.#running.add(refresh);
    try {
      return await refresh;
    } finally {
      this.#running.delete(refresh);
    }
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([Promise.allSettled(this.#running), patience]);
    clearTimeout(timer);
  }
}
