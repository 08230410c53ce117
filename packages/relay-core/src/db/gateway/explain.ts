import type { Explanation } from '../../explanation.js';
import type { Queryable } from '../queryable.js';
import { call } from './call.js';

/** People and programs that ask about an event. */
export const explainCalls = {
  explain(db: Queryable, eventId: string): Promise<Explanation[]> {
    return call<Explanation>(db, 'select reason, evidence, remedy from pgrelay.explain_event($1)', [eventId]);
  },
};
