/** What became of one attempt at an event. A handler returns one of these, or nothing, which means `complete()`. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retried'; readonly delayMs: number; readonly code: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message?: string }
  | { readonly kind: 'cancelled'; readonly code: string }
  | { readonly kind: 'snoozed'; readonly delayMs: number };

/** The event is done. */
export const complete = (): Outcome => ({ kind: 'done' });

/** Another attempt after `delayMs`, whatever the channel's retry policy says. Counts as a retry. */
export const retryIn = (delayMs: number, code = 'retry_asked'): Outcome => ({ kind: 'retried', delayMs, code });

/** The event fails for good and stays, with its payload, in pgrelay.failed. The message goes there only, never to a log. */
export const fail = (code: string, message?: string): Outcome => ({
  kind: 'failed',
  code,
  ...(message === undefined ? {} : { message }),
});

/** The event is no longer wanted; it leaves the queue. */
export const cancel = (code = 'cancel_asked'): Outcome => ({ kind: 'cancelled', code });

/** Not now: the event comes back after `delayMs` and no retry is counted. */
export const snooze = (delayMs: number): Outcome => ({ kind: 'snoozed', delayMs });

const kinds = new Set(['done', 'retried', 'failed', 'cancelled', 'snoozed']);

/** The longest delay, in ms: ten years. */
const longestMs = 10 * 365.25 * 86_400_000;

/** Whether a handler's return value is an Outcome. @throws Error when it is one whose delay cannot be kept */
export function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !kinds.has(String(value.kind))) return false;
  if (value.kind !== 'retried' && value.kind !== 'snoozed') return true;
  const delayMs = 'delayMs' in value ? value.delayMs : undefined;
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= longestMs) return true;
  throw new Error(`the handler asked for a delay of ${String(delayMs)} ms; it is a number from 0 to ten years`);
}
