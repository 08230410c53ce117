import type { TestDatabase } from '@pgrelay/test-support';

const BEGIN_MS = Date.UTC(2030, 0, 1);

/**
 * Replaces the relay's clock in a test database by one that stands still until it is moved. A sequence, so that it also
 * moves for a transaction whose snapshot is older, as a clock does.
 */
export class VirtualClock {
  readonly #db: TestDatabase;
  #ms = BEGIN_MS;

  private constructor(db: TestDatabase) {
    this.#db = db;
  }

  static async install(db: TestDatabase): Promise<VirtualClock> {
    await db.query(`create sequence public.test_clock minvalue 0 start ${BEGIN_MS}`);
    await db.query(`select setval('public.test_clock', ${BEGIN_MS})`);
    await db.query('grant select, usage on sequence public.test_clock to public');
    await db.query(`create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel unsafe
      as $$ select pg_catalog.to_timestamp(pg_catalog.pg_sequence_last_value('public.test_clock'::pg_catalog.regclass) / 1000.0) $$`);
    return new VirtualClock(db);
  }

  /** Seconds since the clock was installed. */
  get seconds(): number {
    return (this.#ms - BEGIN_MS) / 1000;
  }

  async advance(seconds: number): Promise<void> {
    this.#ms += Math.round(seconds * 1000);
    await this.#db.query("select setval('public.test_clock', $1)", [this.#ms]);
  }
}
