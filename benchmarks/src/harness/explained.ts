import type { Queryable } from '@pgrelay/relay-core';
import type { QueryResultRow } from 'pg';

interface Explain {
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
  readonly 'Execution Time': number;
}

/** What one call cost the server. */
export interface Cost {
  /** Pages of tables and indexes that were read, from memory or not, by the statement and by all that its functions ran. */
  readonly pages: number;
  readonly ms: number;
}

/**
 * Runs every statement under EXPLAIN (ANALYZE, BUFFERS) and keeps what it cost. The statement is executed, but gives no rows: so a
 * call of the gateway is measured as it is, and its answer has to be read in another way.
 */
export class Explained implements Queryable {
  readonly #db: Queryable;
  readonly #costs: Cost[] = [];

  constructor(db: Queryable) {
    this.#db = db;
  }

  async query<R extends QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<{ rows: R[]; rowCount: number }> {
    const { rows } = await this.#db.query<{ 'QUERY PLAN': readonly Explain[] }>(
      `explain (analyze, buffers, timing off, summary on, format json) ${text}`,
      values,
    );
    const [explain] = rows[0]?.['QUERY PLAN'] ?? [];
    if (explain === undefined) throw new Error('EXPLAIN gave no plan');
    const { Plan: plan, 'Execution Time': ms } = explain;
    this.#costs.push({ pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], ms });
    return { rows: [], rowCount: 0 };
  }

  /** What the statements since the last call of this cost, one by one. */
  taken(): readonly Cost[] {
    return this.#costs.splice(0);
  }
}
