import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { monotonicMicros } from './starts.js';

const CONNECTIONS = 4;

/** Sends events one by one at random times, as independent users would, and notes when each commit was acknowledged. */
export class Sender {
  readonly #pool: pg.Pool;

  constructor(connectionString: string) {
    this.#pool = new pg.Pool({ connectionString, max: CONNECTIONS, idleTimeoutMillis: 0 });
  }

  /** By the number of the event: the time of its acknowledgement, in µs of the monotonic clock. */
  async send(
    text: string,
    channel: string,
    first: number,
    count: number,
    perSecond: number,
  ): Promise<Map<number, number>> {
    const acknowledged = new Map<number, number>();
    const send = async (n: number) => {
      await this.#pool.query({ name: 'send', text, values: [channel, n] });
      acknowledged.set(n, monotonicMicros());
    };
    const sending: Promise<void>[] = [];
    let next = performance.now();
    for (let n = first; n < first + count; n += 1) {
      next += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
      await pause(Math.max(0, next - performance.now()));
      sending.push(send(n));
    }
    await Promise.all(sending);
    return acknowledged;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
