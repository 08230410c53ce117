interface Waiter {
  admit(admitted: boolean): void;
}

/**
 * Lets so many requests to one origin be under way at once. Those who wait are let in by turns: a channel with a thousand events
 * gets no more than one with a single event.
 */
export class FairGate {
  readonly #limit: number;
  readonly #waiting = new Map<string, Waiter[]>();
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
      this.#waiting.set(who, [...(this.#waiting.get(who) ?? []), waiter]);
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
    const [who, [first, ...others]] = next;
    this.#waiting.delete(who);
    if (others.length > 0) this.#waiting.set(who, others);
    first?.admit(true);
  }

  #forget(who: string, waiter: Waiter): void {
    const left = (this.#waiting.get(who) ?? []).filter((other) => other !== waiter);
    if (left.length === 0) this.#waiting.delete(who);
    else this.#waiting.set(who, left);
  }
}
