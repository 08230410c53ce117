import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Fence } from '../db/gateway.js';
import type { HeartbeatReport, HeartbeatSetup } from './heartbeat-thread.js';

/** The main thread's end of the heartbeat: tells the thread the fence and that the event loop still turns. */
export class Heartbeat {
  readonly #setup: HeartbeatSetup;
  readonly #log: Logger;
  readonly #onFenced: (epoch: string) => void;
  #thread: Worker | undefined;
  #alive: NodeJS.Timeout | undefined;

  constructor(setup: HeartbeatSetup, log: Logger, onFenced: (epoch: string) => void) {
    this.#setup = setup;
    this.#log = log;
    this.#onFenced = onFenced;
  }

  /** Starts beating for this slot and epoch, or goes over to a new one. */
  beatFor(fence: Fence): void {
    if (this.#thread === undefined) {
      this.#thread = new Worker(new URL('./heartbeat-thread.js', import.meta.url), {
        workerData: this.#setup,
        name: 'pgrelay-heartbeat',
      });
      this.#thread.on('message', (report: HeartbeatReport) => this.#hear(report));
      this.#thread.on('error', (error) =>
        this.#log.error({ code: error.name }, 'the heartbeat thread died; the lease will end'),
      );
      this.#alive = setInterval(() => this.#thread?.postMessage({}), this.#setup.leaseMs / 4);
    }
    this.#thread.postMessage({ fence });
  }

  async stop(): Promise<void> {
    clearInterval(this.#alive);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage({ stop: true });
    const patience = setTimeout(() => void thread.terminate(), 2_000);
    await exited;
    clearTimeout(patience);
  }

  #hear(report: HeartbeatReport): void {
    if (report.kind === 'blocked') {
      this.#log.warn(
        { blockedMs: report.ms },
        'a handler blocks the event loop; the lease is kept for a minute at most',
      );
    } else {
      this.#onFenced(report.epoch);
    }
  }
}
