/** What the program enqueue-clients is told: the statements of a transaction, and $1 of those that have a parameter. */
export interface EnqueueLoad {
  readonly url: string;
  readonly clients: number;
  readonly transaction: readonly string[];
  readonly value: string;
}

/** What it has done. */
export interface EnqueueRun {
  readonly transactions: number;
  readonly seconds: number;
}
