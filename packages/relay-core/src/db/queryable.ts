import type { QueryResultRow } from 'pg';

/** Anything that runs a statement: a pg client or pool, the transaction of a handler, the control connection. */
export interface Queryable {
  query<R extends QueryResultRow = QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
}

/** A connection that keeps statements prepared under a name. */
export interface Preparing extends Queryable {
  prepared<R extends QueryResultRow = QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
}
