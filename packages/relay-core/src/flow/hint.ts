import type { Look } from '../db/gateway.js';

/** The flag expires 3 s after it was armed; an idle Processor renews it this often, in ms. */
export const rearmEveryMs = 1_500;

/** More hints than this in a second, and polling is cheaper for everybody: no arming for a while. */
const hintsPerSecond = 200;
const restMs = 3_000;
const pollWhileRestingMs = 20;

/**
 * The idle side of the wake-up. Before a Processor waits, it arms the flag that makes notify() send a hint, and looks for work
 * after that. Producers that read the flag before may still commit without a hint; so it looks again until everyone who held
 * the queue's lock at that moment is gone, and once more. (Source of the rule: the lock rule of the engine's proofs.)
 */
export class Hint {
  #armedAt = Number.NEGATIVE_INFINITY;
  #earlier: ReadonlySet<string> | undefined;
  #pauseMs = 1;
  #hints = 0;
  #secondBegan = 0;
  #restUntil = 0;
  #off = false;

  /** A hint arrived. */
  received(now = performance.now()): void {
    if (now - this.#secondBegan > 1_000) {
      this.#secondBegan = now;
      this.#hints = 0;
    }
    this.#hints += 1;
    if (this.#hints > hintsPerSecond) this.#restUntil = now + restMs;
  }

  /** Nobody knows what became of the flag, or hints may have been missed: the next idle look arms anew. */
  forget(): void {
    this.#armedAt = Number.NEGATIVE_INFINITY;
    this.#earlier = undefined;
  }

  /** Hints cannot reach this Processor: it does not ask for them. */
  turnOff(): void {
    this.#off = true;
  }

  /** Whether events that are committed from now on come with a hint, so that nothing need be looked for before waiting. */
  isArmed(now = performance.now()): boolean {
    return this.#earlier === undefined && (this.#rests(now) || now - this.#armedAt < rearmEveryMs);
  }

  /** Whether looks go on because somebody may still commit an event without a hint. */
  get isWatching(): boolean {
    return this.#earlier !== undefined;
  }

  /** What the next look has to do for the hint; `idle`: the Processor is about to wait. */
  ask(idle: boolean, now = performance.now()): { readonly arm: boolean; readonly watch: boolean } {
    const arm = idle && !this.#rests(now);
    if (arm) this.#armedAt = now;
    return { arm, watch: this.#earlier !== undefined };
  }

  /** Takes the answer of that look. */
  hear(look: Pick<Look, 'earlier' | 'producers'>): void {
    if (this.#earlier !== undefined && look.producers !== null) {
      const now = new Set(look.producers);
      const left = new Set([...this.#earlier].filter((holder) => now.has(holder)));
      this.#earlier = left.size === 0 ? undefined : left;
      this.#pauseMs = Math.min(this.#pauseMs * 2, 64);
    }
    if (look.earlier !== null && look.earlier.length > 0) {
      this.#earlier = new Set([...(this.#earlier ?? []), ...look.earlier]);
      this.#pauseMs = 1;
    }
  }

  /** Within how many ms the next look must come because of what hints may not tell. */
  lookWithinMs(now = performance.now()): number {
    if (this.#earlier !== undefined) return this.#pauseMs;
    return !this.#off && now < this.#restUntil ? pollWhileRestingMs : Number.POSITIVE_INFINITY;
  }

  /** Within how many ms the flag must be armed again. */
  rearmWithinMs(now = performance.now()): number {
    return this.#rests(now) ? Number.POSITIVE_INFINITY : this.#armedAt + rearmEveryMs - now;
  }

  /** The flag was renewed without a look. True when a look must follow, since it had expired. */
  rearmed(earlier: readonly string[] | null, now = performance.now()): boolean {
    this.#armedAt = now;
    this.hear({ earlier, producers: null });
    return earlier !== null;
  }

  #rests(now: number): boolean {
    return this.#off || now < this.#restUntil;
  }
}
