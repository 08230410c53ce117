import { randomUUID } from 'node:crypto';
import { Wakeup } from '../lifecycle/wakeup.js';

/** How often a check is sent again before hints count as unheard, and how long each may take, in ms. */
const tries = 3;
const patienceMs = 2_000;

/**
 * Finds out whether hints reach the listening connection: another connection sends one with words of this Processor's own.
 * A transaction pooler takes LISTEN and never delivers.
 */
export class HintCheck {
  readonly #words = randomUUID();
  readonly #arrived = new Wakeup();
  /** Whether hints reach the connection that listens now; undefined until it was tried. */
  heard: boolean | undefined;

  /** Another connection listens now. */
  reset(): void {
    this.heard = undefined;
  }

  /** A check arrived, ours or another Processor's. */
  received(words: string | undefined): void {
    if (words !== this.#words) return;
    this.heard = true;
    this.#arrived.signal();
  }

  /** Tries until one arrives, but not for ever. Undefined: it was told to stop. */
  async run(send: (words: string) => void, signal: AbortSignal): Promise<boolean | undefined> {
    signal.addEventListener('abort', () => this.#arrived.signal(), { once: true });
    for (let tried = 0; tried < tries && this.heard !== true; tried += 1) {
      if (signal.aborted) return this.heard;
      send(this.#words);
      await this.#arrived.wait(patienceMs);
    }
    this.heard ??= false;
    return this.heard;
  }
}
