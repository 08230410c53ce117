import type { Queryable } from '../queryable.js';
import { call } from './call.js';

/** What is kept, and for how long. */
export const logCalls = {
  async maintain(db: Queryable, retentionDays: number): Promise<void> {
    await call(db, 'select pgrelay.maintain_v1(pg_catalog.make_interval(days => $1))', [retentionDays]);
    await call(db, 'select pgrelay.forget_effects_v1(pg_catalog.make_interval(days => $1))', [retentionDays]);
    await call(db, 'select pgrelay.forget_causes_v1(pg_catalog.make_interval(days => $1))', [retentionDays]);
  },

  /** Forgets some failed events that are older. Whether there are more. */
  async forgetFailed(db: Queryable, retentionDays: number): Promise<boolean> {
    const rows = await call<{ more: boolean }>(
      db,
      'select pgrelay.forget_failed_v1(pg_catalog.make_interval(days => $1)) as more',
      [retentionDays],
    );
    return rows[0]?.more === true;
  },

  /** Whether there is more to do soon. */
  async keepLog(db: Queryable, retentionDays: number): Promise<boolean> {
    const rows = await call<{ more: boolean }>(
      db,
      'select pgrelay.keep_log_v1(pg_catalog.make_interval(days => $1)) as more',
      [retentionDays],
    );
    return rows[0]?.more === true;
  },
};
