import type pg from 'pg';
import { connect } from './connect.js';

const EVERY_MS = 200;

/** Hands what the customers measured to the database, a few times a second, on a connection that none of them uses. */
export class LatencyNotes {
  readonly #client: pg.Client;
  readonly #timer: NodeJS.Timeout;
  #startedAt: string[] = [];
  #ms: number[] = [];
  #sent: Promise<unknown> = Promise.resolve();

  private constructor(client: pg.Client) {
    this.#client = client;
    this.#timer = setInterval(() => this.#flush(), EVERY_MS);
  }

  static async open(url: string): Promise<LatencyNotes> {
    return new LatencyNotes(await connect(url, 'notes'));
  }

  add(startedAt: string, ms: number): void {
    this.#startedAt.push(startedAt);
    this.#ms.push(ms);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    await this.#sent;
    await this.#client.end();
  }

  #flush(): void {
    const [startedAt, ms] = [this.#startedAt, this.#ms];
    if (ms.length === 0) return;
    this.#startedAt = [];
    this.#ms = [];
    this.#sent = this.#sent.then(() => this.#client.query('select demo.note_latencies($1, $2)', [startedAt, ms]));
  }
}
