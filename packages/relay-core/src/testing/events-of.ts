import type { Queryable } from '../db/queryable.js';
import { type EventRow, type LogRow, type TestState, testCalls } from './calls.js';

/** An event that waits, runs or has failed, with its payload. */
export interface TestEvent {
  readonly id: string;
  readonly channel: string;
  readonly state: TestState;
  /** JSON is parsed; text that is none, which only SQL sends, stays text; SQL NULL is null. */
  readonly payload: unknown;
  /** Attempts that have started. */
  readonly attempt: number;
  readonly priority: number;
  readonly dedupKey: string | null;
  readonly enqueuedAt: Date;
  /** Null for one that has failed, or that waits for others to end. */
  readonly runAt: Date | null;
  /** Why it has failed; null otherwise. */
  readonly code: string | null;
}

/** An attempt that has ended. */
export interface TestAttempt {
  readonly outcome: LogRow['outcome'];
  readonly attempt: number;
  readonly sqlstate: string | null;
  readonly code: string | null;
  /** Null when it never started, as for an event that was cancelled while it waited. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
}

/**
 * The events of a channel, or of all, that wait, run or have failed, in the order in which they were sent. In an open transaction also
 * those that were sent in it. Those that are done are in `logOf`. The login needs the role pgrelay_admin.
 */
export async function eventsOf(db: Queryable, channel?: string): Promise<TestEvent[]> {
  return (await testCalls.events(db, channel ?? null)).map(toEvent);
}

/** The attempts of an event that have ended, the first one first. */
export async function logOf(db: Queryable, eventId: string): Promise<TestAttempt[]> {
  return (await testCalls.log(db, eventId)).map(({ started_ms, finished_ms, ...row }) => ({
    ...row,
    startedAt: started_ms === null ? null : new Date(started_ms),
    finishedAt: new Date(finished_ms),
  }));
}

const toEvent = (row: EventRow): TestEvent => ({
  id: row.id,
  channel: row.channel,
  state: row.state,
  payload: parsed(row.payload),
  attempt: row.attempt,
  priority: row.priority,
  dedupKey: row.dedup_key,
  enqueuedAt: new Date(row.enqueued_ms),
  runAt: row.run_ms === null ? null : new Date(row.run_ms),
  code: row.code,
});

function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
