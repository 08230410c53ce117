/** An event as a handler sees it. */
export interface RelayEvent<P = unknown> {
  /** The lasting id, a bigint as text. */
  readonly id: string;
  readonly channel: string;
  readonly payload: P;
  /** 1 for the first start. Starts that ended with a lost Processor count too. */
  readonly attempt: number;
  /** Lower runs first. */
  readonly priority: number;
  readonly enqueuedAt: Date;
  readonly dedupKey: string | null;
  /** What the limits of the channel by key go by; null: none. */
  readonly key: string | null;
}
