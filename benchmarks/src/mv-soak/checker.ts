import { sqlstateOf } from '@pgrelay/relay-core';
import type pg from 'pg';
import { between } from '../faults/random.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Counts } from './counts.js';
import { isConflict } from './is-conflict.js';

interface Found {
  readonly view_name: string;
  /** The refresh that the contents are of. */
  readonly epoch: string | null;
  readonly clean: boolean;
  readonly differing: number | null;
}

/**
 * Compares one view after the other with its query, in one REPEATABLE READ transaction. What is not MVCC-safe is locked
 * out first: tables by that transaction before it takes its snapshot, materialized views by a session of their own.
 */
export class Checker {
  readonly #holder: pg.Client;
  readonly #client: pg.Client;
  readonly #counts: Counts;

  constructor(holder: pg.Client, client: pg.Client, counts: Counts) {
    this.#holder = holder;
    this.#client = client;
    this.#counts = counts;
  }

  async run(views: readonly string[], next: () => number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) await this.check(views[between(0, views.length - 1, next)] ?? '');
  }

  /** Whether everything the view watches was served, so that it could be compared. */
  async check(view: string): Promise<boolean> {
    try {
      await this.#holder.query("begin; set local lock_timeout = '300ms'");
      await this.#client.query("begin isolation level repeatable read read only; set local lock_timeout = '300ms'");
      if (!(await this.#lock(view))) {
        this.#counts.busy += 1;
        return false;
      }
      const { rows } = await this.#client.query<Found>(sqlFile('mv-soak/check.sql'), [view]);
      return this.#note(view, rows[0]);
    } finally {
      await this.#client.query('rollback');
      await this.#holder.query('rollback');
    }
  }

  /** False when a lock was not granted in time, or a partition has just gone. */
  async #lock(view: string): Promise<boolean> {
    try {
      const { rows } = await this.#holder.query<{ statement: string }>(sqlFile('mv-soak/hold.sql'), [view]);
      await this.#client.query(rows[0]?.statement ?? '');
      return true;
    } catch (error) {
      if (isConflict(error) || sqlstateOf(error) === '42P01') return false;
      throw error;
    }
  }

  #note(view: string, found: Found | undefined): boolean {
    if (found === undefined) throw new Error(`no view is registered under ${view}`);
    if (!found.clean) {
      this.#counts.unserved += 1;
      return false;
    }
    this.#counts.checks += 1;
    this.#counts.contents.add(`${view} ${found.epoch}`);
    if (found.differing !== 0)
      this.#counts.failures.push(
        `${found.view_name} differs from its query in ${found.differing} rows, nothing being unserved, after refresh ${found.epoch}`,
      );
    return true;
  }
}
