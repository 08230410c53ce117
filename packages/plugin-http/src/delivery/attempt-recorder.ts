import { isConnectionLoss, type PluginHost, type Queryable, type Service, sqlstateOf } from '@pgrelay/relay-core';
import { httpGateway } from '../http-gateway.js';
import type { AttemptRow } from './attempt-row.js';

/** Rows in one statement. */
const mostRows = 1_000;
/** An event's end waits this long for its attempt to be written, in ms; then the row is written later. */
const patienceMs = 5_000;
const retryMs = 250;
/** So many rows wait while the database is away; beyond that the oldest are dropped, and that is logged. */
const mostWaiting = 100_000;

interface Waiting {
  readonly row: AttemptRow;
  written(): void;
}

/**
 * Writes attempts, many in one statement: while one is under way the next rows gather. An event ends after its attempt has been
 * written, so that what is settled has its row. Rows that cannot be written now are sent again.
 */
export class AttemptRecorder implements Service {
  readonly name = 'http attempts';
  readonly #db: Queryable;
  readonly #log: PluginHost['log'];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #stopped = false;
  #trouble = false;

  constructor(db: Queryable, log: PluginHost['log']) {
    this.#db = db;
    this.#log = log;
  }

  /** Resolves when the row is written, or after a few seconds. */
  add(row: AttemptRow): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      const written = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push({ row, written });
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // what ends in the same turn comes along
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostRows);
      if (await this.#written(batch)) {
        for (const { written } of batch) written();
        continue;
      }
      if (this.#stopped) {
        this.#log.error(
          { attempts: batch.length + this.#waiting.length },
          'attempts could not be written before the stop',
        );
        for (const { written } of [...batch, ...this.#waiting.splice(0)]) written();
        return;
      }
      this.#waiting = [...batch, ...this.#waiting];
      this.#drop();
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #written(batch: readonly Waiting[]): Promise<boolean> {
    const now = performance.now();
    try {
      await httpGateway.recordAttempts(
        this.#db,
        batch.map(({ row: { endedAt, ...row } }) => ({ ...row, endedAt, ago: now - endedAt + row.t })),
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
    for (const { written } of this.#waiting.splice(0, tooMany)) written();
  }
}
