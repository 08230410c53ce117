import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { NotifyRow } from './rows.js';

/** Producers: events into the queue. */
export const notifyCalls = {
  async notify(db: Queryable, channel: string, payload: string | null, options: NotifyRow): Promise<string> {
    const { runAt = null, delayMs = null, priority = null, dedupKey = null } = options;
    const rows = await call<{ id: string }>(
      db,
      "select pgrelay.notify($1, $2, coalesce($3::timestamptz, pgrelay.clock_now() + $4::double precision * interval '1 millisecond'), $5, $6)::text as id",
      [channel, payload, runAt, delayMs, priority, dedupKey],
    );
    return rows[0]?.id ?? '';
  },

  async notifyMany(
    db: Queryable,
    channel: string,
    events: readonly (NotifyRow & { readonly payload: string | null })[],
  ): Promise<string[]> {
    const column = (of: (event: NotifyRow) => unknown) =>
      events.some((event) => of(event) !== undefined) ? events.map((event) => of(event) ?? null) : null;
    const rows = await call<{ ids: string[] }>(
      db,
      "select pgrelay.notify_many($1, $2, (select pg_catalog.array_agg(coalesce(x.at, pgrelay.clock_now() + x.ms * interval '1 millisecond') order by x.n) from rows from (pg_catalog.unnest($3::timestamptz[]), pg_catalog.unnest($4::double precision[])) with ordinality x(at, ms, n)), $5, $6)::text[] as ids",
      [
        channel,
        events.map((event) => event.payload),
        column((event) => event.runAt),
        column((event) => event.delayMs),
        column((event) => event.priority),
        column((event) => event.dedupKey),
      ],
    );
    return rows[0]?.ids ?? [];
  },
};
