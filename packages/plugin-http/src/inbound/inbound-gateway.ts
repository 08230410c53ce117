import type { Queryable } from '@pgrelay/relay-core';
import { toRelayError } from '@pgrelay/relay-sql';

export interface Received {
  /** Undefined when it came too late. */
  readonly id: string | undefined;
  readonly verdict: 'accepted' | 'repeated' | 'reused' | 'late';
}

/** The calls that inbound requests make; nothing else in this folder holds SQL text. */
export const inboundGateway = {
  async receive(
    db: Queryable,
    channel: string,
    payload: string,
    key: string | undefined,
    sentAt: Date | undefined,
    toleranceMs: number,
  ): Promise<Received> {
    try {
      const { rows } = await db.query<{ id: string | null; verdict: Received['verdict'] }>(
        "select event_id::text as id, verdict from pgrelay_http.receive_v1($1, $2, $3, $4, $5::double precision * interval '1 millisecond')",
        [channel, payload, key ?? null, sentAt ?? null, toleranceMs],
      );
      const row = rows[0];
      return { id: row?.id ?? undefined, verdict: row?.verdict ?? 'late' };
    } catch (error) {
      throw toRelayError(error);
    }
  },

  /** How many there were, at most 10,000. */
  async forget(db: Queryable, keepDays: number): Promise<number> {
    const { rows } = await db.query<{ gone: number }>(
      'select pgrelay_http.forget_receipts_v1(pg_catalog.make_interval(days => $1)) as gone',
      [keepDays],
    );
    return rows[0]?.gone ?? 0;
  },
};
