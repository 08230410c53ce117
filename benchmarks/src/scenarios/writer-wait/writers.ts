import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../../harness/connect.js';

export const WRITERS = 4;
export const EVERY_MS = 20;
const PRODUCTS = 400;

/** A write: its start by the server's clock, and how long the client waited for it. */
export interface Write {
  readonly began: number;
  readonly ms: number;
}

/** Four connections that write at a steady rate until stopped. */
export class Writers {
  readonly #clients: readonly pg.Client[];

  private constructor(clients: readonly pg.Client[]) {
    this.#clients = clients;
  }

  static async open(url: string, schema: string): Promise<Writers> {
    const clients = Array.from({ length: WRITERS }, async (_, index) => {
      const client = await connect(url, `benchmark writer ${index + 1}`);
      await client.query("select set_config('search_path', $1, false)", [schema]);
      return client;
    });
    return new Writers(await Promise.all(clients));
  }

  async writeUntil(stop: AbortSignal): Promise<Write[]> {
    const writes = await Promise.all(this.#clients.map((client, index) => writeAlone(client, index, stop)));
    return writes.flat();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

/** Three orders, then a price of a product that is this writer's alone. */
async function writeAlone(client: pg.Client, index: number, stop: AbortSignal): Promise<Write[]> {
  const writes: Write[] = [];
  let next = performance.now() + (index * EVERY_MS) / WRITERS;
  for (let n = 1; !stop.aborted; n += 1) {
    await pause(Math.max(0, next - performance.now()));
    next = Math.max(next + EVERY_MS, performance.now());
    const product = 1 + index + WRITERS * (n % (PRODUCTS / WRITERS));
    const begin = performance.now();
    const { rows } = await (n % 4 === 0
      ? client.query<{ began: number }>('select change_price($1) as began', [product])
      : client.query<{ began: number }>('select place_order() as began'));
    writes.push({ began: rows[0]?.began ?? 0, ms: performance.now() - begin });
  }
  return writes;
}
