/** One reason why an event is not running, or what became of it. */
export interface Explanation {
  /** A stable name, such as `channel_paused` or `not_due`; docs/reference/sql.md lists them. */
  readonly reason: string;
  /** Ids, names, counts and times; never a payload or the server's words. */
  readonly evidence: string;
  /** What helps, to be pasted into psql: a statement where one does, and the rest as a comment. */
  readonly remedy: string;
}

/** Whether a text is the id of an event: a bigint above 0. */
export const isEventId = (text: unknown): text is string =>
  typeof text === 'string' && /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= 9_223_372_036_854_775_807n;
