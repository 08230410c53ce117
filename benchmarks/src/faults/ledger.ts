import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { runFolder, sqlFile } from '../harness/sql-files.js';

/** One breach of a promise. */
export interface Violation {
  readonly violation: string;
  readonly id: string;
  readonly detail: string;
}

export interface Counts {
  readonly events: number;
  readonly auditRows: number;
  readonly effects: number;
  readonly lostAttempts: number;
  /** Events that lost their Processor three times. */
  readonly quarantined: number;
  /** Leased effects that were made again in the same attempt. */
  readonly leasedAgain: number;
}

/** What was enqueued and which effects were made, in tables of the schema `faults`; compared with what the relay says. */
export class Ledger {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Makes the tables, and the channels of the load. */
  async setUp(): Promise<void> {
    await runFolder(this.#client, 'faults/setup');
  }

  /** Takes over the effects that processes left in the files of this folder, and removes those. */
  async import(folder: string): Promise<void> {
    for (const name of readdirSync(folder)) {
      const lines = readFileSync(path.join(folder, name), 'utf8')
        .split('\n')
        .map((line) => line.split(' '));
      const columns = (what: string) => (column: number) =>
        lines.filter(([first]) => first === what).map((line) => line[column]);
      const effect = columns('effect');
      await this.#client.query(sqlFile('faults/ledger/import_effects.sql'), [effect(1), effect(2), effect(3)]);
      const child = columns('child');
      await this.#client.query(sqlFile('faults/ledger/import_children.sql'), [child(1), child(2)]);
      rmSync(path.join(folder, name));
    }
  }

  /** Every breach. Right only while nothing is enqueued and every file is imported. */
  async check(): Promise<Violation[]> {
    return (await this.#client.query<Violation & pg.QueryResultRow>(sqlFile('faults/ledger/check.sql'))).rows;
  }

  async counts(): Promise<Counts> {
    return (await this.#client.query<Counts & pg.QueryResultRow>(sqlFile('faults/ledger/counts.sql')))
      .rows[0] as Counts;
  }

  /** What still waits or runs, in words; empty when nothing does. */
  async left(): Promise<string> {
    const { rows } = await this.#client.query<{ channel: string; state: string; n: number; first: string }>(
      sqlFile('faults/left.sql'),
    );
    return rows.map((row) => `${row.n} ${row.state} in ${row.channel} (${row.first} …)`).join(', ');
  }
}
