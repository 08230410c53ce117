import type pg from 'pg';

/** Begin and end of a refresh, in milliseconds by the server's clock. */
export interface Refresh {
  readonly began: number;
  readonly ended: number;
}

/** One of the two ways to keep a view fresh that are compared. */
export interface Arm {
  readonly name: 'pgrelay' | 'dirty-flag';
  readonly schema: string;
  /** Refreshes the view once, as this way does it. */
  refresh(): Promise<Refresh>;
  close(): Promise<void>;
}

/** The server's clock. */
export async function clock(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>('select public.clock_ms() as ms');
  return rows[0]?.ms ?? 0;
}
