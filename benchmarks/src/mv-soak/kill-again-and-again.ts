import { setTimeout as pause } from 'node:timers/promises';
import { between } from '../faults/random.js';
import { ProcessorProcess } from '../harness/processor-process.js';
import type { Counts } from './counts.js';

/** Short, so that others soon have what a killed one held. */
const LEASE_MS = 1_500;

/** A Processor with auto-mv in a process of its own that is killed after some seconds, again and again. */
export class Mortal {
  readonly #url: string;
  readonly #next: () => number;
  readonly #counts: Counts;
  #process: ProcessorProcess | undefined;

  constructor(url: string, next: () => number, counts: Counts) {
    this.#url = url;
    this.#next = next;
    this.#counts = counts;
  }

  async start(): Promise<void> {
    this.#process = await ProcessorProcess.start(this.#url, LEASE_MS, 'silent');
  }

  /** Until told to stop; then it lives. */
  async killAgainAndAgain(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(between(2_000, 7_000, this.#next), undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      await this.#process?.kill();
      this.#counts.kills += 1;
      await pause(between(0, 500, this.#next));
      await this.start();
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}
