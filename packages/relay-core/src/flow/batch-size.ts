import type { BatchRow } from '../db/gateway.js';

/** Smallest and largest batch of a SQL channel, and the one a channel begins with. */
const batchLimits = { least: 1, first: 100, most: 2_000 } as const;

/** Events of one subtransaction, when they do not run singly. */
const chunk = 100;

/**
 * How many events the next batch of a SQL channel takes. Halves when a batch stopped at a lock that others hold, grows by
 * an eighth when a full one went through. When more than 5 % of the last batch failed, events run one subtransaction each:
 * cheaper than running failed chunks twice (measured in the engine's proofs). After a timeout they do so too, since a chunk
 * is one statement to the clock: until events are so quick again that a chunk of them takes less than half the time.
 */
export class BatchSize {
  #limit: number = batchLimits.first;
  #singly = false;
  #slow = false;

  get limit(): number {
    return this.#limit;
  }

  get singly(): boolean {
    return this.#singly || this.#slow;
  }

  /** The statement timeout undid a batch. */
  timedOut(): void {
    this.#limit = Math.max(batchLimits.least, Math.floor(this.#limit / 2));
    this.#slow = true;
  }

  learn(batch: BatchRow, tookMs: number, timeoutMs: number): void {
    const ran = batch.done + batch.retried + batch.failed;
    if (ran > 0 && (tookMs / ran) * chunk < timeoutMs / 2) this.#slow = false;
    if (batch.limited) {
      this.#limit = Math.max(batchLimits.least, Math.floor(this.#limit / 2));
    } else if (batch.taken === this.#limit && ran === batch.taken) {
      this.#limit = Math.min(batchLimits.most, this.#limit + Math.max(1, Math.ceil(this.#limit / 8)));
    }
    if (ran > 0) this.#singly = (batch.retried + batch.failed) / ran > 0.05;
  }
}
