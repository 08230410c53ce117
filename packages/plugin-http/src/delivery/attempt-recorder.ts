import { isConnectionLoss, type PluginHost, type Queryable, type Service, sqlstateOf } from '@pgrelay/relay-core';
import { httpGateway } from '../http-gateway.js';
import type { AttemptRow } from './attempt-row.js';

/** A few rows wait this long for others before they are written, in ms: a statement for one costs nearly what one for many does. */
const gatherMs = 5;
const few = 100;
/** Rows in one statement. */
const mostRows = 1_000;
/** The ends of events wait this long for their attempts to be written, in ms; then the rows are written later. */
const patienceMs = 5_000;
const retryMs = 250;
/** A row is written after this long, in ms, also when no end is. */
const laterMs = 1_000;
/** So many rows wait while the database is away; beyond that the oldest are dropped, and that is logged. */
const mostWaiting = 100_000;

/**
 * Writes attempts, many in one statement, before the ends of their events are written: what is settled has its row. Rows that
 * cannot be written now are sent again.
 */
export class AttemptRecorder implements Service {
  readonly name = 'http attempts';
  readonly #db: Queryable;
  readonly #log: PluginHost['log'];
  #waiting: AttemptRow[] = [];
  #writing: Promise<void> | undefined;
  #later: NodeJS.Timeout | undefined;
  #stopped = false;
  #trouble = false;

  constructor(db: Queryable, log: PluginHost['log']) {
    this.#db = db;
    this.#log = log;
  }

  add(row: AttemptRow): void {
    this.#waiting.push(row);
    this.#later ??= setTimeout(() => void this.flush(), laterMs);
  }

  /** Resolves when what has been added is written, or after a few seconds. Never throws. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0 && this.#writing === undefined) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([this.#writing, patience]);
    clearTimeout(timer);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.flush();
    clearTimeout(this.#later);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#later);
    this.#later = undefined;
    if (this.#waiting.length < few && !this.#stopped) await new Promise((resolve) => setTimeout(resolve, gatherMs));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostRows);
      if (await this.#written(batch)) continue;
      this.#waiting = [...batch, ...this.#waiting];
      if (this.#stopped) {
        this.#log.error({ attempts: this.#waiting.length }, 'attempts could not be written before the stop');
        this.#waiting = [];
        return;
      }
      this.#drop();
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #written(batch: readonly AttemptRow[]): Promise<boolean> {
    const now = performance.now();
    try {
      await httpGateway.recordAttempts(
        this.#db,
        batch.map(({ endedAt, ...row }) => ({ ...row, endedAt, ago: now - endedAt + row.t })),
      );
      if (this.#trouble) this.#log.info('attempts can be written again');
      this.#trouble = false;
      return true;
    } catch (error) {
      const sqlstate = sqlstateOf(error);
      if (!this.#trouble) this.#log.warn({ sqlstate }, 'attempts could not be written yet; they are sent again');
      this.#trouble = true;
      // Rows that the database refuses will never be taken: they must not hold up the others.
      if (isConnectionLoss(error) || !/^(22|23|42501)/.test(sqlstate ?? '')) return false;
      this.#log.error({ sqlstate, attempts: batch.length }, 'attempts were refused by the database and are dropped');
      return true;
    }
  }

  #drop(): void {
    const tooMany = this.#waiting.length - mostWaiting;
    if (tooMany <= 0) return;
    this.#log.error({ attempts: tooMany }, 'the database has been away for too long: attempts are dropped');
    this.#waiting.splice(0, tooMany);
  }
}
