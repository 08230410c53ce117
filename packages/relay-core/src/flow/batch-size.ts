import type { BatchRow } from '../db/gateway.js';

/** Smallest and largest batch of a SQL channel, and the one a channel begins with. */
export const batchLimits = { least: 1, first: 100, most: 500 } as const;

/**
 * How many events the next batch of a SQL channel takes. Halves when a batch stopped at a lock that others hold, grows by
 * an eighth when a full one went through. When more than 5 % of the last batch failed, events run one subtransaction each:
 * cheaper than running failed chunks twice (measured in the engine's proofs).
 */
export class BatchSize {
  #limit: number = batchLimits.first;
  #singly = false;

  get limit(): number {
    return this.#limit;
  }

  get singly(): boolean {
    return this.#singly;
  }

  learn(batch: BatchRow): void {
    const ran = batch.done + batch.retried + batch.failed;
    if (batch.limited) {
      this.#limit = Math.max(batchLimits.least, Math.floor(this.#limit / 2));
    } else if (batch.taken === this.#limit && ran === batch.taken) {
      this.#limit = Math.min(batchLimits.most, this.#limit + Math.max(1, Math.ceil(this.#limit / 8)));
    }
    if (ran > 0) this.#singly = (batch.retried + batch.failed) / ran > 0.05;
  }
}
