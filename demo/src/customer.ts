import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from './connect.js';
import type { LatencyNotes } from './latency-notes.js';

export interface Place {
  readonly index: number;
  /** How many customers there are: products are shared out among them, so that they do not wait for each other. */
  readonly count: number;
  readonly everyMs: number;
}

interface Written {
  readonly started_at: string;
  readonly token: string;
  readonly order_id?: number;
}

const PRODUCTS = 400;
const KEPT_ORDERS = 500;

/** One connection that orders, changes, cancels and re-prices. */
export class Customer {
  readonly #client: pg.Client;
  readonly #place: Place;
  readonly #notes: LatencyNotes;
  readonly #orders: number[] = [];
  #token = '0';

  private constructor(client: pg.Client, place: Place, notes: LatencyNotes) {
    this.#client = client;
    this.#place = place;
    this.#notes = notes;
  }

  static async open(url: string, place: Place, notes: LatencyNotes): Promise<Customer> {
    return new Customer(await connect(url, `writer ${place.index + 1}`), place, notes);
  }

  /** Writes at the steady rate; a write that took too long is followed by the next at once, but none is caught up on. */
  async actUntil(stop: AbortSignal): Promise<string> {
    const { everyMs, index, count } = this.#place;
    let next = performance.now() + (everyMs * index) / count;
    while (!stop.aborted) {
      await pause(Math.max(0, next - performance.now()), undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) break;
      next = Math.max(next + everyMs, performance.now());
      await this.#write();
    }
    await this.#client.end();
    return this.#token;
  }

  async #write(): Promise<void> {
    const { statement, value } = this.#choose();
    const begin = performance.now();
    const { rows } = await this.#client.query<Written>(statement, value === undefined ? [] : [value]);
    const ms = performance.now() - begin;
    const [row] = rows;
    if (row === undefined) return;
    this.#token = row.token;
    if (row.order_id !== undefined && this.#orders.push(row.order_id) > KEPT_ORDERS) this.#orders.shift();
    this.#notes.add(row.started_at, ms);
  }

  /** Of ten writes about seven are orders. */
  #choose(): { readonly statement: string; readonly value?: number } {
    const dice = Math.random();
    if (dice < 0.1) return { statement: write('change_price($1)'), value: this.#product() };
    const old = this.#orders[Math.floor(Math.random() * this.#orders.length)];
    if (old === undefined || dice > 0.3) return { statement: write('place_order()', ', order_id') };
    if (dice < 0.22) return { statement: write('change_quantity($1)'), value: old };
    this.#orders.splice(this.#orders.indexOf(old), 1);
    return { statement: write('cancel_order($1)'), value: old };
  }

  #product(): number {
    const { index, count } = this.#place;
    return 2 + index + count * Math.floor((Math.random() * PRODUCTS) / count);
  }
}

/** The start stays text, so that no microsecond is lost on its way back into the database. */
const write = (call: string, more = '') => `select started_at::text, token${more} from demo.${call}`;
