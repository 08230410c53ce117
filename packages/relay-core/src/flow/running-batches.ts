import type pg from 'pg';
import type { Connection } from '../db/connection.js';
import { sqlstateOf } from '../db/pg-error.js';

/** A batch whose answer has not come. */
interface RunningBatch {
  pid?: number;
  /** Events because of which it was cancelled. */
  readonly stopped: string[];
  /** Settles when nobody is about to cancel it. */
  asked: Promise<unknown>;
  /** Whether it was cancelled, or still will be, is not known. */
  isUnsure: boolean;
}

/** Cancels those of these backends that run an event which somebody wants cancelled; which events they are. */
export type StopBatches = (
  pids: readonly number[],
) => Promise<readonly { readonly id: string; readonly pid: number }[]>;

/**
 * The batches of SQL actions that this Processor runs, so that one can be stopped and nothing else is hit: while a cancellation is on
 * its way, nothing more is sent on the connections that it may be for. When its reply is lost, those connections are given up.
 */
export class RunningBatches {
  readonly #stop: StopBatches;
  readonly #running = new Set<RunningBatch>();

  constructor(stop: StopBatches) {
    this.#stop = stop;
  }

  /** Runs a batch; `stopped`: it was undone because these events were to be cancelled. */
  async run<T>(
    db: Connection,
    work: (client: pg.Client) => Promise<T>,
  ): Promise<{ readonly answer: T } | { readonly stopped: readonly string[] }> {
    const batch: RunningBatch = { stopped: [], asked: Promise.resolve(), isUnsure: false };
    try {
      const answer = await db.pinned((client) => {
        batch.pid = (client as unknown as { processID: number }).processID;
        this.#running.add(batch);
        return work(client);
      });
      return { answer };
    } catch (error) {
      await this.#close(batch);
      if (sqlstateOf(error) === '57014' && batch.stopped.length > 0) return { stopped: batch.stopped };
      throw error;
    } finally {
      await this.#close(batch);
      if (batch.isUnsure) await db.renew();
    }
  }

  /** Stops what somebody wants stopped. Sends nothing while no batch runs. */
  async stop(): Promise<void> {
    const batches = [...this.#running];
    if (batches.length === 0) return;
    const asked = this.#stop(batches.map(({ pid = 0 }) => pid)).then(
      (events) => {
        for (const { id, pid } of events) batches.find((batch) => batch.pid === pid)?.stopped.push(id);
      },
      () => {
        for (const batch of batches) batch.isUnsure = true;
      },
    );
    for (const batch of batches) batch.asked = Promise.all([batch.asked, asked]);
    await asked;
  }

  #close(batch: RunningBatch): Promise<unknown> {
    this.#running.delete(batch);
    return batch.asked;
  }
}
