import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/** The flag expires 3 s after it was armed; an idle Processor renews it this often, in ms. */
const rearmEveryMs = 1_500;

/** More hints than this in a second, and polling is cheaper for everybody: no arming for a while. */
const hintsPerSecond = 200;
const restMs = 3_000;
const pollWhileRestingMs = 20;

/** How long an idle worker waits before it looks for work (thenLook) or only comes back to keep the flag armed. */
export interface Pause {
  readonly ms: number;
  readonly thenLook: boolean;
}

const lookNow: Pause = { ms: 0, thenLook: true };
const untilRearm: Pause = { ms: rearmEveryMs, thenLook: false };

/**
 * The idle side of the wake-up. Before a Processor waits, it arms the flag that makes notify() send a hint. Producers that
 * read the flag before may still commit without a hint; so, having armed, it looks for work again until everyone who held
 * the queue's lock at that moment is gone, and once more. (Source of the rule: the lock rule of the engine's proofs.)
 */
export class Hint {
  #armedAt = Number.NEGATIVE_INFINITY;
  #earlier: ReadonlySet<string> | undefined;
  #pauseMs = 1;
  #hints = 0;
  #secondBegan = 0;
  #restUntil = 0;

  /** A hint arrived. */
  received(now = performance.now()): void {
    if (now - this.#secondBegan > 1_000) {
      this.#secondBegan = now;
      this.#hints = 0;
    }
    this.#hints += 1;
    if (this.#hints > hintsPerSecond) this.#restUntil = now + restMs;
  }

  /** Called when there was no work, again and again while the caller waits: how long it may wait, and what for. */
  async beforeWaiting(db: Queryable): Promise<Pause> {
    if (performance.now() < this.#restUntil) return { ms: pollWhileRestingMs, thenLook: true };
    if (this.#earlier !== undefined) return this.#awaitEarlier(db);
    if (performance.now() - this.#armedAt < rearmEveryMs) return untilRearm;
    this.#armedAt = performance.now();
    const holders = await gateway.arm(db);
    if (holders === null) return untilRearm;
    this.#earlier = new Set(holders);
    this.#pauseMs = 1;
    return lookNow;
  }

  async #awaitEarlier(db: Queryable): Promise<Pause> {
    const now = new Set(await gateway.holders(db));
    const left = new Set([...(this.#earlier ?? [])].filter((holder) => now.has(holder)));
    if (left.size === 0) {
      this.#earlier = undefined;
      return lookNow; // one more look after the last is gone
    }
    this.#earlier = left;
    this.#pauseMs = Math.min(this.#pauseMs * 2, 64);
    return { ms: this.#pauseMs, thenLook: true };
  }
}
