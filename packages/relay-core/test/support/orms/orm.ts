import type { Queryable } from '@pgrelay/relay-core';

/** An open transaction of a library, for the tests that every library must pass. */
export interface OrmTransaction {
  /** What its adapter made of it. */
  readonly tx: Queryable;
  /** Writes a row of table `purchase` in the library's own way. */
  insert(item: string): Promise<unknown>;
  /** Runs the work under a savepoint, to which it goes back when the work throws; throws the same. */
  nested(work: (inner: OrmTransaction) => Promise<unknown>): Promise<unknown>;
}

export interface Orm {
  /** Commits when the work resolves, rolls back when it throws; throws the same. */
  transaction(work: (transaction: OrmTransaction) => Promise<unknown>): Promise<unknown>;
  /** Gives the adapter what is no transaction. */
  misuse(): Queryable;
  close(): Promise<unknown>;
}
