import type pg from 'pg';
import { sqlFile } from '../../harness/sql-files.js';
import { monotonicMicros } from './starts.js';

const PROBES = 50;

/** What to add to the server's clock to have the monotonic one, in µs: off by half of the quickest round trip at most. */
export async function clockOffset(client: pg.Client): Promise<number> {
  let best = { took: Number.POSITIVE_INFINITY, offset: 0 };
  for (let n = 0; n < PROBES; n += 1) {
    const before = monotonicMicros();
    const { rows } = await client.query<{ micros: number }>(sqlFile('latency/clock.sql'));
    const after = monotonicMicros();
    const took = after - before;
    if (took < best.took) best = { took, offset: (before + after) / 2 - (rows[0]?.micros ?? Number.NaN) };
  }
  return best.offset;
}
