import type pg from 'pg';

/** Where a contender runs once: a database of its own. */
export interface Arena {
  readonly url: string;
  /** The Node program that contenders run on. */
  readonly node: string;
  /** The harness's session in the database. */
  readonly client: pg.Client;
}

/** Something that has tables in a database. */
export interface Engine {
  readonly name: 'pgrelay' | 'graphile-worker' | 'pg-boss' | 'raw';
  /** Makes its tables in an empty database, once a run. */
  prepare(arena: Arena): Promise<void>;
  /** Makes itself at home in a copy of that database. */
  settle?(arena: Arena): Promise<void>;
}
