import type { TestDatabase } from '@pgrelay/test-support';

/** Replaces the relay's clock in a test database by one that stands still until it is moved. */
export class VirtualClock {
  readonly #db: TestDatabase;
  #ms = Date.UTC(2030, 0, 1);

  private constructor(db: TestDatabase) {
    this.#db = db;
  }

  static async install(db: TestDatabase): Promise<VirtualClock> {
    await db.query('create table public.test_clock (at timestamptz)');
    await db.query('grant select on public.test_clock to public');
    await db.query("insert into public.test_clock values ('2030-01-01Z')");
    await db.query(`create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe
      as $$ select at from public.test_clock $$`);
    return new VirtualClock(db);
  }

  /** Seconds since the clock was installed. */
  get seconds(): number {
    return (this.#ms - Date.UTC(2030, 0, 1)) / 1000;
  }

  async advance(seconds: number): Promise<void> {
    this.#ms += Math.round(seconds * 1000);
    await this.#db.query('update public.test_clock set at = $1', [new Date(this.#ms)]);
  }
}
