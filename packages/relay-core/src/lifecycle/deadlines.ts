/** Something that is told when its time is up. */
export interface Overdue {
  timeUp(): void;
}

interface Waiting {
  readonly at: Map<Overdue, number>;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Time limits of many things at once, with one timer for each length instead of one for each thing: those of one length are
 * due in the order in which they began.
 */
export class Deadlines {
  readonly #byLength = new Map<number, Waiting>();

  add(ms: number, overdue: Overdue): void {
    let waiting = this.#byLength.get(ms);
    if (waiting === undefined) {
      waiting = { at: new Map(), timer: undefined };
      this.#byLength.set(ms, waiting);
    }
    waiting.at.set(overdue, performance.now() + ms);
    waiting.timer ??= this.#timer(waiting, ms);
  }

  /** It ended in time. */
  remove(ms: number, overdue: Overdue): void {
    this.#byLength.get(ms)?.at.delete(overdue);
  }

  #timer(waiting: Waiting, ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#check(waiting), Math.min(ms, 2 ** 31 - 1));
    timer.unref(); // what has a limit is waited for by others
    return timer;
  }

  #check(waiting: Waiting): void {
    waiting.timer = undefined;
    const now = performance.now();
    for (const [overdue, at] of waiting.at) {
      if (at > now) {
        waiting.timer = this.#timer(waiting, Math.max(1, Math.ceil(at - now)));
        return;
      }
      waiting.at.delete(overdue);
      overdue.timeUp();
    }
  }
}
