import type pg from 'pg';

/** The tables that grow: no call of a Processor may read one of them from end to end. */
const TABLES = ['queue', 'delayed', 'dedup', 'failed'] as const;

/** What a call read: how often each table or index of those was scanned, and pages of all of them. */
export interface Reads {
  readonly scans: Readonly<Record<string, number>>;
  readonly pages: number;
}

/** Counts of this transaction, which the server has not added to its statistics yet. */
const LOOK = `with r as (
    select c.oid, c.relname from pg_class c where c.relnamespace = 'pgrelay'::regnamespace and c.relname = any ($1)
    union all
    select i.indexrelid, x.relname from pg_class c join pg_index i on i.indrelid = c.oid join pg_class x on x.oid = i.indexrelid
    where c.relnamespace = 'pgrelay'::regnamespace and c.relname = any ($1)
  )
  select json_object_agg(r.relname, pg_stat_get_xact_numscans(r.oid)) as scans, sum(pg_stat_get_xact_blocks_fetched(r.oid))::integer as pages from r`;

async function look(client: pg.Client): Promise<Reads> {
  const { rows } = await client.query<Reads>({ name: 'plan reads', text: LOOK, values: [TABLES] });
  return rows[0] ?? { scans: {}, pages: 0 };
}

/** Runs a call, and undoes all of it: what it read, and its rows. `prepare` runs before and is not counted. */
export async function readsOf(
  client: pg.Client,
  sql: string,
  prepare: (client: pg.Client) => Promise<readonly unknown[]>,
): Promise<Reads & { readonly rows: readonly pg.QueryResultRow[] }> {
  await client.query('begin');
  try {
    const values = await prepare(client);
    const before = await look(client);
    const { rows } = await client.query<pg.QueryResultRow>(sql, [...values]);
    const after = await look(client);
    const spent = Object.entries(after.scans)
      .map(([name, scans]) => [name, scans - (before.scans[name] ?? 0)] as const)
      .filter(([, scans]) => scans > 0);
    return { scans: Object.fromEntries(spent), pages: after.pages - before.pages, rows };
  } finally {
    await client.query('rollback');
  }
}
