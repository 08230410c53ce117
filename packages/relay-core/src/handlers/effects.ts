import { setTimeout as pause } from 'node:timers/promises';
import { RelayError } from '@pgrelay/relay-sql';
import { type Fence, gateway } from '../db/gateway.js';
import { watchOwn } from '../db/own-connection.js';
import { isServerAway } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';

/**
 * The effects of one event outside the database: each is made at most once per name and its result kept, so that a retry
 * gets the result instead of the effect. Recorded on the control connection, never in the handler's transaction: the
 * effect stays made when that is rolled back. A Processor that dies between the effect and its record repeats it.
 */
export class Effects {
  readonly #db: Queryable;
  readonly #fence: Fence;
  readonly #eventId: string;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(db: Queryable, fence: Fence, eventId: string, signal: AbortSignal) {
    this.#db = db;
    this.#fence = fence;
    this.#eventId = eventId;
    this.#signal = signal;
  }

  /** @throws RelayError RELAY_ARGUMENT_INVALID, RELAY_RESULT_INVALID, RELAY_FENCED; and what `make` throws, which records nothing */
  async once<T>(name: string, make: () => Promise<T> | T): Promise<T> {
    const running = this.#running.get(name) ?? this.#recallOrMake(name, make);
    this.#running.set(name, running);
    try {
      return (await running) as T;
    } catch (error) {
      this.#running.delete(name);
      throw error;
    }
  }

  async #recallOrMake(name: string, make: () => unknown): Promise<unknown> {
    const recorded = await watchOwn(gateway.recall(this.#db, this.#fence, this.#eventId, name));
    if (recorded !== undefined) return recorded.result;
    const result = await make();
    const text = toJson(result);
    const kept = await this.#record(name, text ?? 'null');
    if (text !== undefined) return kept;
    throw new RelayError(
      'RELAY_RESULT_INVALID',
      `the result of effect ${JSON.stringify(name)} cannot be kept as JSON`,
      {
        hint: 'Return plain data: no bigint, no cycle, no function, no NUL. The effect is recorded as made, without a result.',
      },
    );
  }

  /** The effect is made: its record is sent until it is written. Sending it twice does no harm. */
  async #record(name: string, result: string): Promise<unknown> {
    for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
      try {
        return await watchOwn(gateway.recordEffect(this.#db, this.#eventId, name, result));
      } catch (error) {
        if (!isServerAway(error) || this.#signal.aborted) throw error;
        await pause(wait);
      }
    }
  }
}

function toJson(result: unknown): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(result ?? null);
    return text === undefined || /(?<!\\)(\\\\)*\\u(0000|d[89a-f])/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
