import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { between } from '../faults/random.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Counts } from './counts.js';
import type { Focus } from './focus.js';
import { isConflict } from './is-conflict.js';

/** What a writer does, with weights. */
const deeds = [
  ['insert', 30],
  ['update', 22],
  ['move', 10],
  ['merge', 10],
  ['delete', 16],
  ['note', 6],
  ['nothing', 4],
  ['truncate', 1],
] as const;
const WEIGHTS = deeds.reduce((sum, [, weight]) => sum + weight, 0);

const ISOLATIONS = ['read committed', 'read committed', 'repeatable read', 'serializable'] as const;

type Ending = 'commit' | 'rollback' | 'two-phase';

/** One connection that makes transactions of every kind until it is stopped. */
export class Writer {
  readonly #client: pg.Client;
  readonly #index: number;
  readonly #next: () => number;
  readonly #focus: Focus;
  readonly #counts: Counts;
  #transactions = 0;

  constructor(client: pg.Client, index: number, next: () => number, focus: Focus, counts: Counts) {
    this.#client = client;
    this.#index = index;
    this.#next = next;
    this.#focus = focus;
    this.#counts = counts;
  }

  async run(stop: AbortSignal): Promise<void> {
    await this.#client.query("set lock_timeout = '2s'");
    while (!stop.aborted) {
      await this.#transaction(stop);
      await pause(between(20, 150, this.#next));
    }
  }

  async #transaction(stop: AbortSignal): Promise<void> {
    this.#transactions += 1;
    const ending = this.#ending();
    try {
      await this.#client.query(`begin isolation level ${ISOLATIONS[between(0, 3, this.#next)]}`);
      for (let left = between(1, 3, this.#next); left > 0; left -= 1) await this.#step();
      // It sends a NOTIFY, which no prepared transaction can hold.
      if (ending !== 'two-phase' && this.#chance(0.08)) {
        await this.#client.query(sqlFile('mv-soak/ask.sql'), [between(0, 29, this.#next)]);
        this.#counts.asked += 1;
      }
      await this.#hold(stop);
      await this.#end(ending);
    } catch (error) {
      await this.#client.query('rollback');
      if (!isConflict(error)) throw error;
      this.#counts.conflicts += 1;
    }
  }

  #ending(): Ending {
    const dice = this.#next();
    if (dice < 0.72) return 'commit';
    return dice < 0.86 ? 'rollback' : 'two-phase';
  }

  /** A statement; or one or two behind a savepoint, which is released or undone. */
  async #step(): Promise<void> {
    if (!this.#chance(0.25)) return this.#change();
    this.#counts.savepoints += 1;
    await this.#client.query('savepoint attempt');
    await this.#change();
    if (this.#chance(0.5)) await this.#change();
    await this.#client.query(this.#chance(0.5) ? 'rollback to savepoint attempt' : 'release savepoint attempt');
  }

  async #change(): Promise<void> {
    const values = [this.#deed(), this.#focus.pick(this.#next), between(0, 99, this.#next), between(0, 99, this.#next)];
    await this.#client.query(sqlFile('mv-soak/change.sql'), values);
  }

  #deed(): string {
    let dice = between(1, WEIGHTS, this.#next);
    for (const [deed, weight] of deeds) {
      dice -= weight;
      if (dice <= 0) return deed;
    }
    return 'insert';
  }

  /** Most transactions end soon; some stay open for seconds, with what they have changed. */
  async #hold(stop: AbortSignal): Promise<void> {
    if (!this.#chance(0.04)) return pause(between(0, 40, this.#next));
    this.#counts.long += 1;
    await pause(between(1_000, 3_000, this.#next), undefined, { signal: stop }).catch(() => undefined);
  }

  async #end(ending: Ending): Promise<void> {
    if (ending !== 'two-phase') {
      await this.#client.query(ending);
      if (ending === 'commit') this.#counts.committed += 1;
      else this.#counts.rolledBack += 1;
      return;
    }
    const name = `soak_${process.pid}_${this.#index}_${this.#transactions}`;
    await this.#client.query(`prepare transaction '${name}'`);
    await pause(between(0, 600, this.#next));
    const commits = this.#chance(0.75);
    await this.#client.query(`${commits ? 'commit' : 'rollback'} prepared '${name}'`);
    if (commits) this.#counts.twoPhaseCommitted += 1;
    else this.#counts.twoPhaseRolledBack += 1;
  }

  #chance(share: number): boolean {
    return this.#next() < share;
  }
}
