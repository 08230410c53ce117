import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/** The flag expires 3 s after it was armed; an idle Processor renews it this often, in ms. */
const rearmEveryMs = 1_500;

/** More hints than this in a second, and polling is cheaper for everybody: no arming for a while. */
const hintsPerSecond = 200;
const restMs = 3_000;
const pollWhileRestingMs = 20;

/** A Processor that moves nothing although there is work for it (others have it in hand, or slow handlers) looks again less often. */
const pollWhileStuckMs = 100;
const stuckAfterMs = 1_000;

/** How long an idle worker waits before it looks for work (thenLook) or only comes back to keep the flag armed. */
export interface Pause {
  readonly ms: number;
  readonly thenLook: boolean;
}

const lookNow: Pause = { ms: 0, thenLook: true };
const untilRearm: Pause = { ms: rearmEveryMs, thenLook: false };
const resting: Pause = { ms: pollWhileRestingMs, thenLook: true };
const stuck: Pause = { ms: pollWhileStuckMs, thenLook: true };

/**
 * The idle side of the wake-up. Before a Processor waits, it arms the flag that makes notify() send a hint. Producers that
 * read the flag before may still commit without a hint; so, having armed, it looks for work again until everyone who held
 * the queue's lock at that moment is gone, and once more. (Source of the rule: the lock rule of the engine's proofs.)
 */
export class Hint {
  readonly #now: () => number;
  /** Hints do not reach this Processor: nothing is armed for it, and it polls. */
  unheard = false;
  #isSaturated = false;
  #progressedAt = Number.NEGATIVE_INFINITY;
  #armedAt = Number.NEGATIVE_INFINITY;
  #earlier: ReadonlySet<string> | undefined;
  #pauseMs = 1;
  #hints = 0;
  #secondBegan = 0;
  #restUntil = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * A tick has ended: whether it moved something, and whether it left work that there is no room for. A Processor that has
   * more than it can do is not idle, and arms nothing: its producers would pay for hints that make nothing faster.
   */
  ticked(progressed: boolean, left: boolean): void {
    if (progressed) this.#progressedAt = this.#now();
    else this.#isSaturated = left; // what one worker moves says nothing about the room of another
  }

  /** A hint arrived. */
  received(): void {
    const now = this.#now();
    if (now - this.#secondBegan > 1_000) {
      this.#secondBegan = now;
      this.#hints = 0;
    }
    this.#hints += 1;
    if (this.#hints > hintsPerSecond) this.#restUntil = now + restMs;
  }

  /** Called when there was no work, again and again while the caller waits: how long it may wait, and what for. */
  async beforeWaiting(db: Queryable): Promise<Pause> {
    const now = this.#now();
    if (this.#isSaturated) return now - this.#progressedAt < stuckAfterMs ? resting : stuck;
    if (this.unheard) return untilRearm;
    if (now < this.#restUntil) return resting;
    if (this.#earlier !== undefined) return this.#awaitEarlier(db);
    if (now - this.#armedAt < rearmEveryMs) return untilRearm;
    this.#armedAt = now;
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
