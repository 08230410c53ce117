import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Fence } from '../db/gateway.js';
import type { HeartbeatReport, HeartbeatSetup } from './heartbeat-thread.js';

/** The main thread's end of the heartbeat: tells the thread the fence and that the event loop still turns. */
export class Heartbeat {
  readonly #setup: HeartbeatSetup;
  readonly #log: Logger;
  readonly #onFenced: (fence: Fence) => void;
  #thread: Worker | undefined;
  #alive: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #fence: Fence | undefined;
  #stopped = false;

  constructor(setup: HeartbeatSetup, log: Logger, onFenced: (fence: Fence) => void) {
    this.#setup = setup;
    this.#log = log;
    this.#onFenced = onFenced;
  }

  /** Starts the thread; resolves when its connection is open. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#startThread();
  }

  async #startThread(): Promise<void> {
    const thread = new Worker(new URL('./heartbeat-thread.js', import.meta.url), {
      workerData: this.#setup,
      name: 'pgrelay-heartbeat',
    });
    this.#thread = thread;
    thread.on('error', (error) =>
      this.#log.error({ code: error.name }, 'the heartbeat thread failed; another takes its place'),
    );
    thread.once('exit', () => this.#replace(thread));
    this.#alive = setInterval(() => thread.postMessage({}), this.#setup.leaseMs / 4);
    await new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
      thread.on('message', (report: HeartbeatReport) => (report.kind === 'ready' ? resolve() : this.#hear(report)));
    });
  }

  /** A thread that ended unasked is replaced; when that takes longer than the lease, the beat says that the slot is lost. */
  #replace(thread: Worker): void {
    if (this.#stopped || this.#thread !== thread) return;
    clearInterval(this.#alive);
    this.#again = setTimeout(async () => {
      await this.#startThread();
      if (this.#fence !== undefined) this.beatFor(this.#fence);
    }, this.#setup.leaseMs / 10);
  }

  /** Beats for this slot and epoch from now on. */
  beatFor(fence: Fence): void {
    this.#fence = fence;
    this.#thread?.postMessage({ fence });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#alive);
    clearTimeout(this.#again);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage({ stop: true });
    const patience = setTimeout(() => void thread.terminate(), 2_000);
    await exited;
    clearTimeout(patience);
  }

  #hear(report: Exclude<HeartbeatReport, { kind: 'ready' }>): void {
    if (report.kind === 'blocked') {
      this.#log.warn(
        { blockedMs: report.ms },
        'a handler blocks the event loop; the lease is kept for a minute at most',
      );
    } else {
      this.#onFenced(report.fence);
    }
  }
}
