import type pg from 'pg';

/** A row of the published control table. */
export interface StateRow {
  readonly viewName: string;
  readonly isDirty: boolean;
  readonly lastRefreshedAt: string;
}

export interface WalkThrough {
  readonly before: StateRow;
  readonly after: StateRow;
}

export async function readState(client: pg.Client): Promise<StateRow> {
  const { rows } = await client.query<{ view_name: string; is_dirty: boolean; at: string | null }>(
    'select view_name, is_dirty, last_refreshed_at::timestamptz(0)::text as at from demo.state',
  );
  const [row] = rows;
  return { viewName: row?.view_name ?? '', isDirty: row?.is_dirty ?? false, lastRefreshedAt: row?.at ?? '' };
}

/** The published walk-through: order 1001 commits, the state row says t; the view is refreshed, it says f. */
export async function walkThrough(
  client: pg.Client,
  untilServed: (token: string) => Promise<void>,
): Promise<WalkThrough> {
  const { rows } = await client.query<{ token: string }>('select demo.walk_through() as token');
  const before = await readState(client);
  await untilServed(rows[0]?.token ?? '0');
  return { before, after: await readState(client) };
}
