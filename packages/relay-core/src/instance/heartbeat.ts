import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Backend, Fence } from '../db/gateway.js';
import type { HeartbeatOrder, HeartbeatReport, HeartbeatSetup } from './heartbeat-thread.js';

export interface HeartbeatEvents {
  /** The slot is lost in this epoch. */
  readonly onFenced: (fence: Fence) => void;
  /** Called as often as the event loop is said to turn: backends that have been waited for. */
  readonly waitingFor: () => readonly Backend[];
  /** The server does not work on what these backends were sent. */
  readonly onIdle: (backends: readonly Backend[]) => void;
}

/** The main thread's end of the heartbeat: tells the thread the fence and that the event loop still turns. */
export class Heartbeat {
  readonly #setup: HeartbeatSetup;
  readonly #log: Logger;
  readonly #events: HeartbeatEvents;
  #thread: Worker | undefined;
  #alive: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #fence: Fence | undefined;
  #stopped = false;
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(setup: HeartbeatSetup, log: Logger, events: HeartbeatEvents) {
    this.#setup = setup;
    this.#log = log;
    this.#events = events;
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
      resourceLimits: { maxYoungGenerationSizeMb: 2 }, // a few objects a second: room for 48 MB would be filled all the same
    });
    this.#thread = thread;
    thread.on('error', (error) =>
      this.#log.error({ code: error.name }, 'the heartbeat thread failed; another takes its place'),
    );
    thread.once('exit', () => this.#replace(thread));
    this.#alive = setInterval(() => {
      const waitingFor = this.#events.waitingFor();
      this.#send(waitingFor.length > 0 ? { waitingFor } : {});
    }, this.#setup.leaseMs / 4);
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
    this.#beatAt = performance.now(); // a slot that was just taken is as good as a beat
    this.#send({ fence });
  }

  /** How long ago the database took the last beat, in ms. */
  get ageMs(): number {
    return performance.now() - this.#beatAt;
  }

  /** Sends a hint with these words on the heartbeat's connection. */
  sendCheck(check: string): void {
    this.#send({ check });
  }

  #send(order: HeartbeatOrder): void {
    this.#thread?.postMessage(order);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#alive);
    clearTimeout(this.#again);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage({ stop: true } satisfies HeartbeatOrder);
    const patience = setTimeout(() => void thread.terminate(), 2_000);
    await exited;
    clearTimeout(patience);
  }

  #hear(report: Exclude<HeartbeatReport, { kind: 'ready' }>): void {
    if (report.kind === 'beat') {
      this.#beatAt = performance.now();
    } else if (report.kind === 'blocked') {
      this.#log.warn(
        { blockedMs: report.ms },
        'a handler blocks the event loop; the lease is kept for a minute at most',
      );
    } else if (report.kind === 'idle') {
      this.#events.onIdle(report.backends);
    } else {
      this.#events.onFenced(report.fence);
    }
  }
}
