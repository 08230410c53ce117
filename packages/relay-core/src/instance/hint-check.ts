import { randomUUID } from 'node:crypto';
import { Wakeup } from '../lifecycle/wakeup.js';

/** How often a check is sent again before hints count as unheard, and how long each may take, in ms. */
const tries = 3;
const patienceMs = 2_000;

/** So many checks must arrive, this many ms apart: behind a pooler one may, while the listening connection is at work. */
const arrivals = 3;
const betweenMs = 300;

/**
 * Finds out whether hints reach the listening connection: another connection sends one with words of this Processor's own.
 * A transaction pooler takes LISTEN and never delivers.
 */
export class HintCheck {
  readonly #words = randomUUID();
  readonly #arrived = new Wakeup();
  #sent = 0;
  #received = 0;
  /** Whether hints reach the connection that listens now; undefined until it was tried. */
  heard: boolean | undefined;

  /** Another connection listens now. */
  reset(): void {
    this.heard = undefined;
  }

  /** A check arrived, ours or another Processor's. */
  received(words: string | undefined): void {
    if (words !== `${this.#words} ${this.#sent}`) return;
    this.#received = this.#sent;
    this.#arrived.signal();
  }

  /** Tries until one arrives, but not for ever. Undefined: it was told to stop. */
  async run(send: (words: string) => void, signal: AbortSignal): Promise<boolean | undefined> {
    signal.addEventListener('abort', () => this.#arrived.signal(), { once: true });
    let arrived = 0;
    for (let tried = 0; tried < tries && arrived < arrivals; ) {
      if (signal.aborted) return this.heard;
      this.#sent += 1;
      send(`${this.#words} ${this.#sent}`);
      await this.#arrived.wait(patienceMs);
      if (this.#received !== this.#sent) {
        tried += 1;
        arrived = 0;
      } else {
        arrived += 1;
        if (arrived < arrivals) await this.#arrived.wait(betweenMs);
      }
    }
    if (arrived === arrivals) this.heard = true;
    this.heard ??= false;
    return this.heard;
  }
}
