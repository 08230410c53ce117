/** A process of a contender, started by the harness. */
export interface ContenderProcess {
  readonly pid: number;
  /** Throws when it has ended already. */
  check(): void;
  /** Ends it as its users would, and waits until it has gone. */
  stop(): Promise<void>;
  /** SIGKILL: what it was doing is left as it is. */
  kill(): Promise<void>;
}
