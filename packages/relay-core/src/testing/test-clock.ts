import { RelayError } from '@pgrelay/relay-sql';
import type { Queryable } from '../db/queryable.js';
import { testCalls } from './calls.js';

export interface TestClockOptions {
  /**
   * The name of the database that `db` is connected to. It has to be said, so that the clock of no other one is ever moved: a
   * test that was given the wrong connection string fails here.
   */
  readonly database: string;
}

/** The clock of one test database: what the relay there takes for the time. */
export interface TestClock {
  /** The time as the relay there has it. */
  now(): Promise<Date>;
  /**
   * Moves the clock forward: events that are delayed until then are due, as are schedules, dedup windows, breakers and refreshes. Processors
   * that run live on; with `endLeases` those who do not renew their lease at once count as dead. At most ten years in all.
   * @throws RelayError RELAY_OPTION_INVALID
   */
  advance(ms: number, options?: { readonly endLeases?: boolean }): Promise<void>;
  /** Gives the database its own clock back, which is the server's. What was written keeps its times. */
  uninstall(): Promise<void>;
}

const mostMs = 10 * 365.25 * 86_400_000;

/**
 * Puts a clock that you move into a test database, instead of `pgrelay.clock_now()`. It stands still never: it goes as the server's
 * does, so far ahead. All sessions of that database share it, and `pgrelay migrate` takes it away. One that is there already is
 * taken over. `db` must not be in a transaction; its login must be a member of pgrelay_owner, as the one that installed the relay is.
 * @throws RelayError RELAY_TEST_DATABASE when the name is that of another database
 */
export async function installTestClock(db: Queryable, options: TestClockOptions): Promise<TestClock> {
  const name = await testCalls.databaseName(db);
  if (options?.database !== name)
    throw new RelayError(
      'RELAY_TEST_DATABASE',
      `the database is ${JSON.stringify(name)}, and the clock is for ${JSON.stringify(options?.database)}`,
      {
        hint: 'Say the name of the test database, in which nothing but tests runs: installTestClock(db, { database }).',
      },
    );
  if (!(await testCalls.hasClock(db))) await testCalls.installClock(db);
  return {
    now: async () => new Date(await testCalls.now(db)),
    async advance(ms, { endLeases = false } = {}) {
      if (typeof ms !== 'number' || !(ms >= 0 && ms <= mostMs))
        throw new RelayError('RELAY_OPTION_INVALID', `the clock cannot be moved by ${String(ms)} ms`, {
          hint: 'It goes forward only: a number from 0 to ten years.',
        });
      await testCalls.advance(db, Math.round(ms), endLeases === true);
    },
    uninstall: async () => {
      if (await testCalls.hasClock(db)) await testCalls.uninstallClock(db);
    },
  };
}
