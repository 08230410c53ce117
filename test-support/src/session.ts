import type pg from 'pg';
import { until } from './until.js';

type Query = <T extends pg.QueryResultRow>(sql: string, params?: readonly unknown[]) => Promise<T[]>;

/** A named connection in a race: one that can be left waiting for a lock while others go on. */
export class Session {
  readonly #client: pg.Client;
  readonly #watch: Query;

  constructor(
    readonly name: string,
    readonly pid: number,
    client: pg.Client,
    watch: Query,
  ) {
    this.#client = client;
    this.#watch = watch;
  }

  async query<T extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return (await this.#client.query<T>(sql, [...params])).rows;
  }

  /** Sends a statement without waiting for it. Await what it returns later: an error is kept until then. */
  start<T extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    const result = this.query<T>(sql, params);
    result.catch(() => undefined);
    return result;
  }

  /** Until the server shows this session waiting for a lock. */
  async untilBlocked(): Promise<void> {
    await until(async () => {
      const rows = await this.#watch<{ blocked: boolean }>(
        "select wait_event_type = 'Lock' as blocked from pg_stat_activity where pid = $1",
        [this.pid],
      );
      return rows[0]?.blocked === true;
    }, `session "${this.name}" waits for a lock`);
  }
}
