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
  readonly #now: () => number;
  /** Hints do not reach this Processor: nothing is armed for it, and it polls. */
  unheard = false;
  #armedAt = Number.NEGATIVE_INFINITY;
  #earlier: ReadonlySet<string> | undefined;
  #pauseMs = 1;
  #hints = 0;
  #secondBegan = 0;
  #restUntil = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
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

  /** Nobody knows what became of the flag, or hints may have been missed: the next idle look arms anew. */
  forget(): void {
    this.#armedAt = Number.NEGATIVE_INFINITY;
    this.#earlier = undefined;
  }

  /** Whether events that are committed from now on come with a hint, so that nothing need be looked for before waiting. */
  isArmed(): boolean {
    return this.#earlier === undefined && (this.#rests() || this.#now() - this.#armedAt < rearmEveryMs);
  }

  /** Whether looks go on because somebody may still commit an event without a hint. */
  get isWatching(): boolean {
    return this.#earlier !== undefined;
  }

  /** What the next look has to do for the hint; `idle`: the Processor is about to wait. */
  ask(idle: boolean): { readonly arm: boolean; readonly watch: boolean } {
    const arm = idle && !this.#rests();
    if (arm) this.#armedAt = this.#now();
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
  lookWithinMs(): number {
    if (this.#earlier !== undefined) return this.#pauseMs;
    return !this.unheard && this.#now() < this.#restUntil ? pollWhileRestingMs : Number.POSITIVE_INFINITY;
  }

  /** Within how many ms the flag must be armed again. */
  rearmWithinMs(): number {
    return this.#rests() ? Number.POSITIVE_INFINITY : this.#armedAt + rearmEveryMs - this.#now();
  }

  /** The flag was renewed without a look. True when a look must follow, since it had expired. */
  rearmed(earlier: readonly string[] | null): boolean {
    this.#armedAt = this.#now();
    this.hear({ earlier, producers: null });
    return earlier !== null;
  }

  #rests(): boolean {
    return this.unheard || this.#now() < this.#restUntil;
  }
}
