import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { NotifyRow } from './rows.js';

const notifyOne =
  "select pgrelay.notify($1, $2, coalesce($3::timestamptz, pgrelay.clock_now() + $4::double precision * interval '1 millisecond'), $5, $6, $7::double precision * interval '1 millisecond', $8)::text as id";
const notifyMany =
  "select pgrelay.notify_many($1, $2, (select pg_catalog.array_agg(coalesce(x.at, pgrelay.clock_now() + x.ms * interval '1 millisecond') order by x.n) from rows from (pg_catalog.unnest($3::timestamptz[]), pg_catalog.unnest($4::double precision[])) with ordinality x(at, ms, n)), $5, $6, (select pg_catalog.array_agg(w.ms * interval '1 millisecond' order by w.n) from pg_catalog.unnest($7::double precision[]) with ordinality w(ms, n)), $8)::text[] as ids";
/** The setting is made first: the call reads a row that only comes when it is made. It ends with the transaction. */
const under =
  " from (select pg_catalog.set_config('pgrelay.event', $9, true) as made offset 0) s where s.made is not null";

/** Producers: events into the queue. `cause` is what note_cause() reads; '' or undefined: nothing is noted. */
export const notifyCalls = {
  async notify(
    db: Queryable,
    channel: string,
    payload: string | null,
    options: NotifyRow,
    cause?: string,
  ): Promise<string> {
    const {
      runAt = null,
      delayMs = null,
      priority = null,
      dedupKey = null,
      dedupWindowMs = null,
      key = null,
    } = options;
    const values = [channel, payload, runAt, delayMs, priority, dedupKey, dedupWindowMs, key];
    const rows = await (cause === undefined || cause === ''
      ? call<{ id: string }>(db, notifyOne, values)
      : call<{ id: string }>(db, notifyOne + under, [...values, cause]));
    return rows[0]?.id ?? '';
  },

  async afterAll(
    db: Queryable,
    eventIds: readonly string[],
    channel: string,
    payload: string | null,
    priority: number | null,
  ): Promise<string> {
    const rows = await call<{ id: string }>(db, 'select pgrelay.after_all($1, $2, $3, $4)::text as id', [
      eventIds,
      channel,
      payload,
      priority,
    ]);
    return rows[0]?.id ?? '';
  },

  async notifyMany(
    db: Queryable,
    channel: string,
    events: readonly (NotifyRow & { readonly payload: string | null })[],
    cause?: string,
  ): Promise<string[]> {
    const column = (of: (event: NotifyRow) => unknown) =>
      events.some((event) => of(event) !== undefined) ? events.map((event) => of(event) ?? null) : null;
    const values = [
      channel,
      events.map((event) => event.payload),
      column((event) => event.runAt),
      column((event) => event.delayMs),
      column((event) => event.priority),
      column((event) => event.dedupKey),
      column((event) => event.dedupWindowMs),
      column((event) => event.key),
    ];
    const rows = await (cause === undefined || cause === ''
      ? call<{ ids: string[] }>(db, notifyMany, values)
      : call<{ ids: string[] }>(db, notifyMany + under, [...values, cause]));
    return rows[0]?.ids ?? [];
  },
};
