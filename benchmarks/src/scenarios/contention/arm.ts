/** One way to run the same updates beside the same application. */
export interface Arm {
  readonly name: string;
  readonly url: string;
  /** Runs so many events to their end. */
  drain(events: number): Promise<Drained>;
  readonly events: { readonly full: number; readonly quick: number };
  /** Whether bars hold for it. */
  readonly judged: boolean;
}

/** What became of the events. Times in ms by the server's clock. */
export interface Drained {
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
  readonly began: number;
  readonly ended: number;
}
