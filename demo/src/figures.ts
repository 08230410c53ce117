import type pg from 'pg';

export interface Latency {
  readonly writes: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly worst: number | null;
}

/** What the screen shows; everything is read from the database. Times in milliseconds. */
export interface Figures {
  readonly seconds: number;
  readonly writes: number;
  readonly writesPerSecond: number;
  /** Events done and waiting; null where there is no queue. */
  readonly events: number | null;
  readonly eventsWaiting: number | null;
  readonly refreshes: number;
  readonly refreshing: boolean;
  readonly refreshMs: number | null;
  readonly staleMs: number;
  /** Writers that wait for the refresh at this moment. */
  readonly blocked: number;
  readonly during: Latency;
  readonly outside: Latency;
}

export interface Bucket {
  readonly worst: number | null;
  readonly refreshing: boolean;
}

type Row = Record<string, number | null> & { readonly refreshing: boolean };

/** Reads the figures; latencies are those of the last `window` of the run. */
export async function readFigures(client: pg.Client, window: string): Promise<Figures> {
  const { rows } = await client.query<Row>('select * from demo.figures($1)', [window]);
  const row = rows[0] ?? ({ refreshing: false } as Row);
  const number = (name: string) => row[name] ?? 0;
  const latency = (kind: string): Latency => ({
    writes: number(`${kind}_writes`),
    p50: row[`${kind}_p50`] ?? null,
    p95: row[`${kind}_p95`] ?? null,
    worst: row[`${kind}_worst`] ?? null,
  });
  return {
    seconds: number('seconds'),
    writes: number('writes'),
    writesPerSecond: number('writes_per_s'),
    events: row['events'] ?? null,
    eventsWaiting: row['events_waiting'] ?? null,
    refreshes: number('refreshes'),
    refreshing: row.refreshing,
    refreshMs: row['refresh_ms'] ?? null,
    staleMs: number('stale_ms'),
    blocked: number('blocked'),
    during: latency('during'),
    outside: latency('outside'),
  };
}

/** The last half seconds, oldest first. */
export async function readTimeline(client: pg.Client, buckets: number): Promise<readonly Bucket[]> {
  const { rows } = await client.query<Bucket>('select worst, refreshing from demo.timeline($1)', [buckets]);
  return rows;
}
