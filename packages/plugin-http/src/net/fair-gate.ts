interface Waiter {
  admit(admitted: boolean): void;
}

/**
 * Lets so many requests to one origin be under way at once. Those who wait are let in by turns: a channel with a thousand events
 * gets no more than one with a single event.
 */
export class FairGate {
  readonly #limit: number;
  readonly #waiting = new Map<string, Set<Waiter>>();
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isIdle(): boolean {
    return this.#inside === 0 && this.#waiting.size === 0;
  }

  /** True once inside: call `leave` then. False when that took longer than `patienceMs`, or the signal was aborted. */
  enter(who: string, patienceMs: number, signal: AbortSignal): Promise<boolean> | true {
    if (this.#inside < this.#limit && this.#waiting.size === 0) {
      this.#inside += 1;
      return true;
    }
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#forget(who, waiter);
        waiter.admit(false);
      };
      const timer = setTimeout(giveUp, patienceMs);
      const waiter: Waiter = {
        admit(admitted) {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          resolve(admitted);
        },
      };
      signal.addEventListener('abort', giveUp);
      const others = this.#waiting.get(who);
      if (others === undefined) this.#waiting.set(who, new Set([waiter]));
      else others.add(waiter);
      if (signal.aborted) giveUp();
    });
  }

  /** Lets the next one in: the first of those whose turn it is, who then goes behind the others. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    const [who, waiters] = next;
    const [first] = waiters;
    if (first !== undefined) waiters.delete(first);
    this.#waiting.delete(who);
    if (waiters.size > 0) this.#waiting.set(who, waiters);
    first?.admit(true);
  }

  #forget(who: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(who);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(who);
  }
}
