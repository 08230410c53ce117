import { type Fence, gateway, type Trouble } from '../db/gateway.js';
import { isRefusal } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { type Ended, endedWell, isRefused, refused, toCompletion, toSettlement } from './settlement.js';

/** At most this many attempts are ended in one statement. */
const flushLimit = 1_000;

/**
 * Writes the ends of leased attempts, many in one statement: whatever has gathered while the last flush was under way is
 * the next flush. Those that ended well go together, what else there is after them. A batch that the database refuses is halved until the culprit is found, which then ends as a failure.
 * One that cannot be written stays and is sent again until it is; sending twice does no harm. Attempts of
 * an earlier epoch are dropped: the database has given those events to somebody else.
 */
export class Settler {
  readonly #db: Queryable;
  readonly #onSettled: (rows: readonly Required<Trouble>[], ended: readonly Ended[]) => void;
  readonly #onTrouble: (error: unknown) => void;
  readonly #before: (() => Promise<void>)[] = [];
  #waiting: Ended[] = [];
  #flushing: Promise<void> | undefined;
  #givenUp = false;

  constructor(
    db: Queryable,
    onSettled: (rows: readonly Required<Trouble>[], ended: readonly Ended[]) => void,
    onTrouble: (error: unknown) => void,
  ) {
    this.#db = db;
    this.#onSettled = onSettled;
    this.#onTrouble = onTrouble;
  }

  /** `hook` is waited for before ends are written; it must not throw, and bounds its time itself. */
  before(hook: () => Promise<void>): void {
    this.#before.push(hook);
  }

  add(ended: Ended): void {
    this.#waiting.push(ended);
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  /** Resolves when everything added so far is written. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  /** Stops trying; what is not written comes back through the lease. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** Ends the attempts; those that lost our own connection are given back instead, uncounted. */
  async #write(fence: Fence, all: readonly Ended[]): Promise<Required<Trouble>[]> {
    const lost = all.filter((ended) => 'lost' in ended.attempt);
    await gateway.release(
      this.#db,
      fence,
      lost.map((one) => one.claim.id),
    );
    const now = performance.now();
    const well = all.filter(endedWell);
    if (well.length > 0)
      await gateway.complete(
        this.#db,
        fence,
        well.map((one) => toCompletion(one, now)),
      );
    const rest = all.filter((one) => !('lost' in one.attempt) && !endedWell(one));
    return rest.length === 0
      ? []
      : gateway.settle(
          this.#db,
          fence,
          rest.map((one) => toSettlement(one, now)),
        );
  }

  /** After a refusal the half of the batch is tried, and so on; the one that is refused alone ends as a failure. */
  #narrow(batch: readonly Ended[], error: unknown): boolean {
    const [only] = batch;
    if (batch.length > 1 || only === undefined) return true;
    this.#waiting = this.#waiting.filter((ended) => ended !== only);
    if (isRefused(only))
      this.#waiting.push(only); // behind the others, which it must not hold up
    else this.#waiting.unshift(refused(only, error));
    return !isRefused(only);
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // let attempts that end in the same turn join
    let limit = flushLimit;
    for (let pause = 50; this.#waiting.length > 0 && !this.#givenUp; ) {
      for (const hook of this.#before) await hook();
      const { fence } = (this.#waiting[0] as Ended).claim;
      const batch = this.#waiting.filter((ended) => ended.claim.fence === fence).slice(0, limit);
      try {
        const rows = await this.#write(fence, batch);
        const sent = new Set(batch);
        this.#waiting = this.#waiting.filter((ended) => !sent.has(ended));
        this.#onSettled(rows, batch);
        pause = 50;
        limit = Math.min(limit * 2, flushLimit);
      } catch (error) {
        if (isRefusal(error) && this.#narrow(batch, error)) {
          limit = Math.max(1, Math.floor(batch.length / 2));
          continue;
        }
        this.#onTrouble(error);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, 1_000);
      }
    }
  }
}
