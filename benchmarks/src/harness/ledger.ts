/** What is counted after a drain. */
export interface Ledger {
  readonly enqueued: number;
  /** Rows that the actions left; undefined for an action that leaves none. */
  readonly effects: number | undefined;
  /** Audit rows of events that ended well; undefined where the contender writes none. */
  readonly audited: number | undefined;
  /** Calls of a handler, where the contender's own process counts them. */
  readonly handled: number | undefined;
  /** Events with more than one such row. */
  readonly repeated: number;
  /** Events that still wait, or failed. */
  readonly remaining: number;
}

/** What does not add up, in words; nothing when every event ran exactly once. */
export function mismatches({ enqueued, effects, audited, handled, repeated, remaining }: Ledger): string[] {
  const counted = { 'rows written by the actions': effects, 'audit rows': audited, 'handler calls': handled };
  return [
    ...Object.entries(counted)
      .filter(([, count]) => count !== undefined && count !== enqueued)
      .map(([what, count]) => `${enqueued} events enqueued, but ${count} ${what}`),
    ...(repeated === 0 ? [] : [`${repeated} events ran or were logged more than once`]),
    ...(remaining === 0 ? [] : [`${remaining} events are left behind`]),
  ];
}
