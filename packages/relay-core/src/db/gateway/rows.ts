import type { Failure } from '../pg-error.js';

/** The slot of a Processor and the epoch that fences its writes. */
export interface Fence {
  readonly slot: number;
  readonly epoch: string;
}

/** A server process, as nobody can mistake another for it. */
export interface Backend {
  readonly pid: number;
  readonly start: string;
}

export interface PolledChannel {
  readonly id: number;
  readonly name: string;
  readonly kind: 'sql' | 'handler' | 'toplevel';
  readonly parallel: boolean;
  readonly timeoutMs: number;
  /** It has a circuit breaker: no event is taken before the ends of earlier ones are written. */
  readonly breaker: boolean;
  /** What its limits are about: the whole channel, so that an event is claimed only when it can start, or keys only. Null: none. */
  readonly limited: 'channel' | 'key' | null;
}

export interface ClaimedRow {
  readonly id: string;
  readonly payload: string | null;
  readonly attempt: number;
  readonly priority: number;
  /** Since the epoch. */
  readonly enqueued_ms: number;
  readonly dedup_key: string | null;
  readonly key: string | null;
}

/** An event of a top-level channel, and what to send for it. */
export interface ToplevelRow {
  readonly id: string;
  readonly attempt: number;
  readonly statements: readonly string[];
  readonly search_path: string;
}

export interface Trouble {
  readonly id: string;
  readonly channel?: string;
  readonly outcome: string;
  readonly attempt: number;
  readonly sqlstate: string | null;
  readonly code: string | null;
}

export interface BatchRow {
  readonly busy: boolean;
  readonly limited: boolean;
  readonly taken: number;
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
  readonly troubles: readonly Trouble[];
}

/** A low-water mark for each lane (channel, priority), in arrays of equal length. */
export interface LaneMarks {
  readonly channels: readonly number[];
  readonly priorities: readonly number[];
  readonly lows: readonly string[];
  /** No lane had an event up to the place that was asked for. */
  readonly idle: boolean;
}

/** Where claims of one channel begin: a low-water mark for each of its lanes, that is, for each priority. */
export type ChannelMarks = Pick<LaneMarks, 'priorities' | 'lows'>;

/** One finished attempt, as settle_v1 takes it. Times are ages in ms by a monotonic clock. */
export interface Settlement {
  readonly id: string;
  readonly attempt: number;
  readonly outcome: 'done' | 'retried' | 'failed' | 'cancelled' | 'snoozed' | 'error';
  readonly delayMs: number | null;
  readonly startedAgoMs: number;
  readonly finishedAgoMs: number;
  readonly error: Failure | null;
}

/** What a look asks for, beside the channels of handlers. */
export interface LookQuestion {
  readonly lanes: LaneMarks;
  /** What the last look said; undefined: say it anew. */
  readonly rescan: string | undefined;
  readonly cand: string | undefined;
  /** Keep the flag armed that makes notify() send hints. */
  readonly arm: boolean;
  /** Say who holds the lock of an insert. */
  readonly watch: boolean;
  /** Read every lane from the beginning. */
  readonly full: boolean;
  /** Take back what ended epochs still hold. */
  readonly rescue: boolean;
}

/** What look_v1 answers. */
export interface Look {
  readonly channels: readonly PolledChannel[];
  /** When the next delayed event is due, in ms. */
  readonly nextDueMs: number | null;
  readonly rescan: string;
  readonly cand: string;
  /** Null when nothing has changed since the question's rescan and cand. */
  readonly holders: readonly string[] | null;
  /** The marks of a full look. */
  readonly lanes: LaneMarks | null;
  /** Who may still commit an event without a hint; null when the flag was armed already, or was not to be. */
  readonly earlier: readonly string[] | null;
  readonly producers: readonly string[] | null;
  /** A Processor was lost and its events are not all back. */
  readonly dead: boolean;
  /** When the next lease ends that is not renewed, in ms. */
  readonly expiresMs: number | null;
  readonly rescued: number | null;
}

/** An attempt that ended well, as complete_v1 takes it. */
export type Completion = Pick<Settlement, 'id' | 'attempt' | 'startedAgoMs' | 'finishedAgoMs'>;

/** How notify() may be told to wait, to hurry or to coalesce. */
export interface NotifyRow {
  readonly runAt?: Date;
  readonly delayMs?: number;
  readonly priority?: number;
  readonly dedupKey?: string;
  readonly key?: string;
  readonly dedupWindowMs?: number;
}
