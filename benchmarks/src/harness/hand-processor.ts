import { type Fence, gateway, Marks } from '@pgrelay/relay-core/internal';
import type pg from 'pg';
import { connect } from './connect.js';
import { type Cost, Explained } from './explained.js';
import { sqlFile } from './sql-files.js';

/** How a channel's events are taken: claimed for a handler and settled later, or run as SQL in the claiming call. */
export type Path = 'claim' | 'run batch';

const WORKER = 1;
const LEASE_MS = 3_600_000;
const ENQUEUE_AT_ONCE = 10_000;
/** A batch of SQL actions ends after this long; here it takes all it was asked for. */
const CAP_MS = 600_000;
/** After so many executions a session keeps its plans. */
/** Looks after which the marks are abreast of everything, as those of an idle Processor are. */
const SETTLING_LOOKS = 4;
const WARM_CALLS = 10;
/** The marks of a Processor that drains advance about every 50 ms: what small and large batches get done meanwhile. */
const tickEvery = (batch: number): number => Math.max(500, 4 * batch);

/**
 * A Processor made of single calls: the same functions, with the low-water marks a Processor would have, in an order and size
 * that the benchmark chooses.
 */
export class HandProcessor {
  readonly #client: pg.Client;
  readonly #explained: Explained;
  readonly #marks = new Marks();
  readonly #fence: Fence;
  #sinceTick = 0;
  /** Events taken and ended, for the ledger. */
  ended = 0;

  private constructor(client: pg.Client, fence: Fence) {
    this.#client = client;
    this.#explained = new Explained(client);
    this.#fence = fence;
  }

  static async attach(url: string): Promise<HandProcessor> {
    const client = await connect(url, 'benchmark hand processor');
    const fence = await gateway.attach(client, 'benchmark', process.pid, 'benchmark', LEASE_MS, 1, []);
    return new HandProcessor(client, fence);
  }

  async close(): Promise<void> {
    await gateway.detach(this.#client, this.#fence);
    await this.#client.end();
  }

  /** Two looks: the second may pass what the first saw decided. */
  async tick(): Promise<void> {
    await this.#marks.tick(this.#client);
    await this.#marks.tick(this.#client);
    this.#sinceTick = 0;
  }

  /** Returns the ids. */
  async enqueue(channel: string, events: number, priorities: number): Promise<string[]> {
    const all: string[] = [];
    for (let left = events; left > 0; left -= ENQUEUE_AT_ONCE) {
      const values = [channel, Math.min(left, ENQUEUE_AT_ONCE), priorities];
      const { rows } = await this.#client.query<{ ids: string[] }>(sqlFile('engine/enqueue.sql'), values);
      all.push(...(rows[0]?.ids ?? []));
    }
    return all;
  }

  /** Takes and ends events until as many have been; the marks advance as they would in a Processor under load. */
  async drain(path: Path, channelId: number, events: number, batch: number): Promise<void> {
    for (let left = events; left > 0; ) {
      const taken = await this.#take(path, channelId, Math.min(batch, left));
      if (taken === 0) throw new Error(`${left} of ${events} events could not be claimed`);
      left -= taken;
      await this.#moved(taken, batch);
    }
  }

  /**
   * Leaves as many dead rows as if so many events had been claimed and ended one batch after the other, only faster, and lets
   * the marks advance as they would.
   */
  async leaveDead(path: Path, channelId: number, channel: string, events: number, priorities: number): Promise<void> {
    const place = await this.#value('engine/last-place.sql');
    const id = await this.#value('engine/last-id.sql');
    await this.enqueue(channel, events, priorities);
    if (path === 'claim') {
      const lanes = Array.from({ length: priorities }, (_, priority) => priority);
      const { slot, epoch } = this.#fence;
      await this.#client.query(sqlFile('held-snapshot/claimed.sql'), [channelId, place, slot, epoch, lanes]);
    }
    await this.#client.query(sqlFile('held-snapshot/ended.sql'), [channelId, id]);
    await this.tick();
  }

  async #value(file: string): Promise<string> {
    const { rows } = await this.#client.query<Record<string, string>>(sqlFile(file));
    return Object.values(rows[0] ?? {})[0] ?? '0';
  }

  /**
   * Pages read by one claim of that many events, which are there and no others; with SQL actions, by their run and their end too.
   * The events that were claimed are ended, which is not measured.
   */
  async pages(path: Path, channelId: number, channel: string, batch: number, priorities: number): Promise<number> {
    const ids = await this.enqueue(channel, batch, priorities);
    if (path === 'claim') {
      await gateway.claim(this.#explained, this.#fence, WORKER, channelId, batch, this.#marks.of(channelId));
      await this.#settle(ids); // one that was not claimed has no audit row then
    } else {
      await this.#runBatch(this.#explained, channelId, batch);
      this.ended += batch; // the audit rows tell whether it was so
    }
    await this.#moved(batch, batch);
    return this.#explained.taken()[0]?.pages ?? Number.NaN;
  }

  /** What so many looks for work cost when there is none; the first ones, which make the session's plans, not counted. */
  async emptyChecks(calls: number): Promise<readonly Cost[]> {
    for (let n = 0; n < SETTLING_LOOKS; n += 1) await this.tick();
    const question = { ...this.#marks.ask(), full: false, arm: true, watch: false, rescue: false };
    for (let n = 0; n < calls + WARM_CALLS; n += 1) await gateway.look(this.#explained, [], question);
    return this.#explained.taken().slice(WARM_CALLS);
  }

  async #take(path: Path, channelId: number, batch: number): Promise<number> {
    if (path === 'claim') {
      const marks = this.#marks.of(channelId);
      const rows = await gateway.claim(this.#client, this.#fence, WORKER, channelId, batch, marks);
      await this.#settle(rows.map((row) => row.id));
      return rows.length;
    }
    const { done } = await this.#runBatch(this.#client, channelId, batch);
    this.ended += done;
    return done;
  }

  #runBatch(db: Parameters<typeof gateway.runBatch>[0], channelId: number, batch: number) {
    return gateway.runBatch(db, this.#fence, WORKER, channelId, batch, false, CAP_MS, this.#marks.of(channelId));
  }

  async #settle(ids: readonly string[]): Promise<void> {
    await gateway.settle(
      this.#client,
      this.#fence,
      ids.map((id) => ({
        id,
        attempt: 1,
        outcome: 'done' as const,
        delayMs: null,
        startedAgoMs: 0,
        finishedAgoMs: 0,
        error: null,
      })),
    );
    this.ended += ids.length;
  }

  async #moved(events: number, batch: number): Promise<void> {
    this.#sinceTick += events;
    if (this.#sinceTick >= tickEvery(batch)) await this.tick();
  }
}
