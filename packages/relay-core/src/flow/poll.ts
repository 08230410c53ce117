import { gateway, type Look } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { Hint } from './hint.js';
import type { Marks } from './marks.js';
import type { ReadyChannels } from './ready-channels.js';

/** While there is work the next look follows after this many ms: marks advance, other channels get their turn. */
const busyEveryMs = 50;

/** While there is work that there is no room for, nothing is armed: looks follow after this many ms while something moves, and
 * after that many when nothing has moved for a second. */
const fullEveryMs = { moving: 20, stuck: 100, stuckAfter: 1_000 } as const;

/** How often, in looks of an idle Processor, what ended epochs still hold is taken back although no lease has expired. */
const rescueEveryLooks = 10;

/** A look comes this many ms after a lease has ended, so that it is seen to have ended. */
const expiryGraceMs = 5;

/** What the poller tells the Processor. */
export interface PollEvents {
  /** Channels have work. */
  found(): void;
  /** A Processor was lost. */
  dead(): void;
}

/**
 * One look for work for the whole Processor: one statement a poll interval while it is idle, twenty a second while it is busy.
 * Workers call `look` when it is due; one of them does it, the others wait for its answer.
 */
export class Poller {
  readonly #ready: ReadyChannels;
  readonly #marks: Marks;
  readonly #hint: Hint;
  readonly #pollIntervalMs: number;
  readonly #events: PollEvents;
  #lookedAt = 0;
  #progressedAt = Number.NEGATIVE_INFINITY;
  #nextAt = 0;
  #looks = 0;
  #looking: Promise<void> | undefined;

  constructor(ready: ReadyChannels, marks: Marks, hint: Hint, pollIntervalMs: number, events: PollEvents) {
    this.#ready = ready;
    this.#marks = marks;
    this.#hint = hint;
    this.#pollIntervalMs = pollIntervalMs;
    this.#events = events;
  }

  /** How many ms to the next look; 0 or less: it is due. */
  dueInMs(now = performance.now()): number {
    return this.#nextAt - now;
  }

  /** Work was done: while that is so, looks follow each other sooner. */
  progressed(): void {
    this.#progressedAt = performance.now();
    this.#nextAt = Math.min(this.#nextAt, this.#lookedAt + busyEveryMs);
  }

  /** Work is left that there is no room for. */
  full(): void {
    const isMoving = performance.now() - this.#progressedAt < fullEveryMs.stuckAfter;
    const pauseMs = Math.min(isMoving ? fullEveryMs.moving : fullEveryMs.stuck, this.#pollIntervalMs);
    this.#nextAt = Math.min(this.#nextAt, this.#lookedAt + pauseMs);
  }

  /** Makes a look due. */
  hurry(): void {
    this.#nextAt = 0;
  }

  /** Looks, or waits for the look that is under way. `idle`: the worker has nothing to do and is about to wait. */
  look(db: Queryable, handlerChannels: readonly number[], idle: boolean): Promise<void> {
    this.#looking ??= this.#look(db, handlerChannels, idle).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Keeps the flag armed without a look, while the next one is far away. */
  async rearm(db: Queryable): Promise<void> {
    if (this.#hint.rearmed(await gateway.arm(db))) this.hurry();
  }

  async #look(db: Queryable, handlerChannels: readonly number[], idle: boolean): Promise<void> {
    this.#looks += 1;
    const rescue = this.#looks % rescueEveryLooks === 0;
    this.#lookedAt = performance.now();
    this.#nextAt = this.#lookedAt + this.#pollIntervalMs; // whoever asks for a look meanwhile gets one
    const question = { ...this.#marks.ask(), ...this.#hint.ask(idle), rescue };
    const look = await gateway.look(db, handlerChannels, question).catch((error) => {
      this.#hint.forget();
      throw error;
    });
    this.#ready.found(look.channels);
    this.#hint.hear(look);
    this.#nextAt = Math.min(this.#nextAt, performance.now() + this.#pauseMs(look));
    if (look.channels.length > 0 || (look.rescued ?? 0) > 0) this.#events.found();
    if (look.dead) this.#events.dead();
    await this.#marks.hear(db, look);
  }

  #pauseMs(look: Look): number {
    return Math.min(
      this.#pollIntervalMs,
      this.#hint.lookWithinMs(),
      Math.ceil(look.nextDueMs ?? Number.POSITIVE_INFINITY),
      look.expiresMs === null || look.expiresMs < 0
        ? Number.POSITIVE_INFINITY
        : Math.ceil(look.expiresMs) + expiryGraceMs,
    );
  }
}
