import { setTimeout as pause } from 'node:timers/promises';
import { between, shuffled } from '../faults/random.js';

const AT_ONCE = 4;

/** The few tables that are written at a time, others every other second: so that some views are at rest while others are not. */
export class Focus {
  readonly #targets: readonly string[];
  readonly #next: () => number;
  #chosen: readonly string[] = [];
  #left: readonly string[] = [];
  #onMove: ((left: readonly string[]) => void)[] = [];

  constructor(targets: readonly string[], next: () => number) {
    this.#targets = targets;
    this.#next = next;
    this.#choose();
  }

  /** One of the tables that are written now. */
  pick(next: () => number): string {
    return this.#chosen[between(0, this.#chosen.length - 1, next)] ?? '';
  }

  /** Until others are chosen; those that are written no more, and whose views are being refreshed now. */
  moved(): Promise<readonly string[]> {
    return new Promise((resolve) => this.#onMove.push(resolve));
  }

  async move(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(between(1_200, 2_500, this.#next), undefined, { signal: stop }).catch(() => undefined);
      this.#choose();
      for (const resolve of this.#onMove.splice(0)) resolve(this.#left);
    }
  }

  #choose(): void {
    const before = this.#chosen;
    this.#chosen = shuffled(this.#targets, this.#next).slice(0, AT_ONCE);
    this.#left = before.filter((target) => !this.#chosen.includes(target));
  }
}
