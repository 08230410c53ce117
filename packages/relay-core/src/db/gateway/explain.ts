import type { Explanation } from '../../explanation.js';
import type { EventEnd } from '../../wait-for-end.js';
import type { Queryable } from '../queryable.js';
import { call } from './call.js';

/** People and programs that ask about an event. */
export const explainCalls = {
  explain(db: Queryable, eventId: string): Promise<Explanation[]> {
    return call<Explanation>(db, 'select reason, evidence, remedy from pgrelay.explain_event($1)', [eventId]);
  },

  /** How an event ended; undefined while it waits or runs. @throws RelayError RELAY_EVENT_UNKNOWN */
  async lookEnded(db: Queryable, eventId: string): Promise<Omit<EventEnd, 'id'> | undefined> {
    const rows = await call<Omit<EventEnd, 'id'>>(
      db,
      'select outcome, attempt, code, sqlstate from pgrelay.look_ended($1)',
      [eventId],
    );
    return rows[0];
  },
};
