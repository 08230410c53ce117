import type pg from 'pg';
import { connect } from './connect.js';
import { sqlFile } from './sql-files.js';

/** Another session with a snapshot that keeps every row which dies from now on. */
export class HeldSnapshot {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async take(url: string): Promise<HeldSnapshot> {
    const client = await connect(url, 'benchmark held snapshot');
    await client.query(sqlFile('held-snapshot/hold.sql'));
    return new HeldSnapshot(client);
  }

  /** Ends the transaction. Fails when it was cut before, since then nothing was held. */
  async release(): Promise<void> {
    try {
      await this.#client.query('commit');
    } finally {
      await this.#client.end();
    }
  }
}
