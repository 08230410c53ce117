/** One way to keep the view fresh; the demo runs the same writer against either. */
export interface Pattern {
  readonly title: string;
  /** One sentence: what to look at. */
  readonly headline: string;
  /** Starts whatever refreshes the view. */
  start(): Promise<void>;
  /** Waits until the view holds what the transaction with this token did, and nothing is left to do. */
  untilServed(token: string): Promise<void>;
  /** Waits until nothing is left to do, as far as the pattern itself knows. */
  untilSettled(): Promise<void>;
  /** The latest thing worth telling that went wrong; empty when nothing did. */
  trouble(): string;
  stop(): Promise<void>;
}
