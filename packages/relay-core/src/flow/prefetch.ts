import type { RelayEvent } from '../event.js';
import type { Concurrency } from './concurrency.js';
import type { Claim } from './in-flight.js';

/** An event, and the mark that this Processor works on it. */
export interface Claimed {
  readonly claimed: Claim;
  readonly event: RelayEvent<string | null>;
}

/** At most so many events of a channel wait in a Processor. */
const mostWaiting = 1_000;

/** Claims that last less than this, in ms, are too small; events that wait longer than this were claimed too early. */
const quickMs = 50;
const slowMs = 250;

/**
 * Events of one leased channel that were claimed and wait for a handler. It holds as many as handlers end in about a tenth of
 * a second: as many as may run at once where they are slow, up to a thousand where they are quick.
 */
export class Prefetch {
  readonly #concurrency: Concurrency;
  readonly #start: (claimed: Claimed) => void;
  readonly #mayStart: () => boolean;
  #waiting: Claimed[] = [];
  #head = 0;
  #running = 0;
  #asked = 0;
  #target: number;
  #arrivedAt = 0;
  #wasFull = false;
  #isMore = false;
  /** False: events are claimed only when they can start. */
  ahead = true;
  /** What may start is limited: an end, once it is written, may free what the next event waits for. */
  limited = false;

  /** `start` runs the handler of an event, and calls `ended` when it is over; a Processor that drains may start none. */
  constructor(concurrency: Concurrency, start: (claimed: Claimed) => void, mayStart: () => boolean) {
    this.#concurrency = concurrency;
    this.#start = start;
    this.#mayStart = mayStart;
    this.#target = concurrency.limit;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** How many events to claim now; 0: enough are here. Whoever asks must call `arrived`, with nothing if it failed. */
  want(now: number): number {
    if (!this.isLow()) {
      this.#isMore = true; // whoever asks knows of more
      return 0;
    }
    if (!this.ahead) this.#target = this.#concurrency.limit;
    else if (this.#wasFull && now - this.#arrivedAt < quickMs) this.#target = Math.min(mostWaiting, this.#target * 2);
    const want = this.#room();
    this.#asked += want;
    return want;
  }

  /** The answer to a claim of `asked` events. */
  arrived(events: readonly Claimed[], asked: number, now: number): void {
    this.#asked -= asked;
    this.#wasFull = events.length > 0 && events.length === asked;
    this.#isMore = events.length > 0; // fewer than asked for need not be all
    this.#arrivedAt = now;
    this.#waiting = this.#head === 0 ? [...this.#waiting, ...events] : [...this.#waiting.slice(this.#head), ...events];
    this.#head = 0;
    this.pump(now);
  }

  /** Starts what may run. */
  pump(now: number): void {
    while (this.#running < this.#concurrency.limit && this.waiting > 0 && this.#mayStart()) {
      const next = this.#waiting[this.#head] as Claimed;
      this.#head += 1;
      this.#running += 1;
      this.#start(next);
    }
    const sinceClaim = now - this.#arrivedAt;
    if (this.waiting > 0 && sinceClaim > slowMs) this.#target = Math.max(this.#concurrency.limit, this.#target >> 1);
  }

  /** A handler is over. True when more events are to be claimed, and there probably are more. */
  ended(now: number): boolean {
    this.#running -= 1;
    this.#concurrency.learn(this.waiting > 0 || (this.limited && this.#wasFull), now);
    this.pump(now);
    return (this.limited ? this.#wasFull : this.#isMore) && this.isLow();
  }

  /** Takes out what has not been started. */
  giveUp(): readonly Claimed[] {
    const left = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    return left;
  }

  #room(): number {
    return Math.max(this.#target, this.#concurrency.limit) - this.waiting - this.#running - this.#asked;
  }

  /** Whether to claim. One for a few events costs nearly what one for many costs: as long as some wait, half of them go first. */
  isLow(): boolean {
    const room = this.#room();
    return room > 0 && (this.waiting === 0 || room * 2 >= this.#target);
  }
}
