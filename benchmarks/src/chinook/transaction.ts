import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Counts } from './counts.js';

export interface Fate {
  /** Stay open for so long before the end. */
  readonly holdMs?: number;
  readonly rollback?: boolean;
}

/** The statements of one open transaction of a writer, each timed. */
export class Transaction {
  readonly #client: pg.Client;
  readonly #counts: Counts;

  private constructor(client: pg.Client, counts: Counts) {
    this.#client = client;
    this.#counts = counts;
  }

  /**
   * Runs `body` in a transaction; resolves with its token when it committed. What `body` returns is run after a commit
   * only: what the writer then knows to exist.
   */
  static async run(
    client: pg.Client,
    counts: Counts,
    body: (tx: Transaction) => Promise<() => void>,
    fate: Fate = {},
  ): Promise<string | undefined> {
    const tx = new Transaction(client, counts);
    await tx.#timed('begin', 'begin');
    const afterwards = await body(tx);
    const token = await tx.#timed<{ token: string }>('token', 'select pg_current_xact_id() as token');
    if (fate.holdMs !== undefined) {
      await pause(fate.holdMs);
      counts.long += 1;
    }
    if (fate.rollback === true) {
      await tx.#timed('rollback', 'rollback');
      counts.rolledBack += 1;
      return undefined;
    }
    await tx.#timed('commit', 'commit');
    counts.committed += 1;
    afterwards();
    return token?.token;
  }

  /** Calls a function of the schema soak. */
  async call<T = unknown>(name: string, ...values: readonly (string | number)[]): Promise<T> {
    const places = values.map((_, index) => `$${index + 1}`).join(', ');
    const row = await this.#timed<{ value: T }>(name, `select soak.${name}(${places}) as value`, values);
    return row?.value as T;
  }

  /** Does `work` and takes it back, the transaction goes on. */
  async inVain(work: () => Promise<unknown>): Promise<void> {
    await this.#timed('savepoint', 'savepoint attempt');
    await work();
    await this.#timed('rollback to savepoint', 'rollback to savepoint attempt');
  }

  async #timed<T extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<T | undefined> {
    const begin = performance.now();
    const { rows } = await this.#client.query<T>(text, [...values]);
    this.#counts.noteStatement(name, performance.now() - begin);
    return rows[0];
  }
}
