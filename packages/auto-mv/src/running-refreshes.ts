import type { Service } from '@pgrelay/relay-core';

/** How long stop() waits for refreshes that were aborted to give their claims back. */
const PATIENCE_MS = 5_000;

/** A refresh that has its claim. */
export interface RunningRefresh {
  /** Set before its statement is cancelled: for whom. */
  gaveWay: string | undefined;
}

/** The refreshes of this Processor; its stop waits until each has ended or given its claim back. */
export class RunningRefreshes implements Service {
  readonly name = 'auto-mv refreshes';
  readonly #running = new Set<Promise<unknown>>();
  readonly #byPid = new Map<number, RunningRefresh>();

  async track<T>(refresh: Promise<T>): Promise<T> {
    this.#running.add(refresh);
    try {
      return await refresh;
    } finally {
      this.#running.delete(refresh);
    }
  }

  /** The backends that refresh now. */
  get pids(): number[] {
    return [...this.#byPid.keys()];
  }

  /** Notes that a backend refreshes, until leave(). */
  enter(pid: number): RunningRefresh {
    const refresh: RunningRefresh = { gaveWay: undefined };
    this.#byPid.set(pid, refresh);
    return refresh;
  }

  leave(pid: number): void {
    this.#byPid.delete(pid);
  }

  /** Tells a refresh that it is about to be cancelled, and why; false when it has ended. */
  tell(pid: number, reason: string): boolean {
    const refresh = this.#byPid.get(pid);
    if (refresh !== undefined) refresh.gaveWay = reason;
    return refresh !== undefined;
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
