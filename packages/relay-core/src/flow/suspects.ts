import { wasOwnLoss } from '../db/own-connection.js';
import { isConnectionLoss, sqlstateOf } from '../db/pg-error.js';

interface Alone {
  readonly id: string;
  readonly startedAt: number;
}

/** So many events are remembered at most. */
const most = 1_000;

/**
 * What ran when a worker lost its connection. Once is no fault of the event: servers restart and networks break. What was
 * a batch runs one by one the next time, and an event that was alone when it happened again is counted as lost by
 * the database, which sets it aside at the third time: one that ends its own backend must not hold up its channel for ever.
 */
export class Suspects {
  readonly #events = new Set<string>();
  /** Channel → worker → the event that it runs alone. */
  readonly #batches = new Map<number, Map<number, Alone>>();

  /** Whether events of this SQL channel run one by one. */
  has(channelId: number): boolean {
    return this.#batches.has(channelId);
  }

  /** A batch of the channel, or the one event that ran alone, lost its connection with this error. */
  batchLost(channelId: number, error: unknown): void {
    if (!mayBeItsFault(error)) this.#batches.delete(channelId);
    else if (!this.#batches.has(channelId)) this.#batches.set(channelId, new Map());
  }

  /** An event of the channel is about to run alone. */
  alone(channelId: number, worker: number, id: string): void {
    this.#batches.get(channelId)?.set(worker, { id, startedAt: performance.now() });
  }

  /** The event of the channel that this worker ran alone when its connection was lost, once. */
  takeAlone(channelId: number, worker: number): Alone | undefined {
    const alone = this.#batches.get(channelId)?.get(worker);
    this.#batches.get(channelId)?.delete(worker);
    return alone;
  }

  /** All that was to run one by one has run. */
  clear(channelId: number): void {
    this.#batches.delete(channelId);
  }

  /** An event with a claim lost the connection that it had to itself; whether it did so before. */
  again(id: string, error: unknown): boolean {
    if (!mayBeItsFault(error)) return false;
    if (this.#events.delete(id)) return true;
    if (this.#events.size >= most) this.#events.clear();
    this.#events.add(id);
    return false;
  }

  ended(id: string): void {
    this.#events.delete(id);
  }
}

/** Not when another backend crashed (57P02), or when no connection was to be had. */
function mayBeItsFault(error: unknown): boolean {
  return (
    (isConnectionLoss(error) || wasOwnLoss(error)) && !['57P02', '57P03', '53300'].includes(sqlstateOf(error) ?? '')
  );
}

/** How the loss that the database has counted reads in the log. */
export const lostAs = (outcome: 'lost' | 'failed') => ({
  outcome,
  attempt: 0,
  sqlstate: null,
  code: outcome === 'lost' ? 'worker_lost' : 'quarantined',
});
