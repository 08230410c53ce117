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
    return this.#send(text, Array<string>(count).fill(channel), first, perSecond);
  }

  /** The same to the channels `http.N`, one event for each N, numbered from `first` on. */
  sendTo(text: string, to: readonly number[], first: number, perSecond: number): Promise<Map<number, number>> {
    return this.#send(
      text,
      to.map((n) => `http.${n}`),
      first,
      perSecond,
    );
  }

  async #send(
    text: string,
    channels: readonly string[],
    first: number,
    perSecond: number,
  ): Promise<Map<number, number>> {
    const acknowledged = new Map<number, number>();
    const send = async (n: number, channel: string) => {
      await this.#pool.query({ name: 'send', text, values: [channel, n] });
      acknowledged.set(n, monotonicMicros());
    };
    const sending: Promise<void>[] = [];
    let next = performance.now();
    for (const [index, channel] of channels.entries()) {
      next += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
      await pause(Math.max(0, next - performance.now()));
      sending.push(send(first + index, channel));
    }
    await Promise.all(sending);
    return acknowledged;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
