import { type ChannelMarks, gateway, type Horizon, type LaneMarks } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/** A full scan follows the last one after this many ms, or after this many times its own duration, whichever is longer. */
export const fullScan = { everyMs: 60_000, timesItsDuration: 50 } as const;

const none: ChannelMarks = { priorities: [], lows: [] };
const noLanes: LaneMarks = { channels: [], priorities: [], lows: [], idle: false };

/**
 * Low-water marks: for each lane (channel, priority) a place below which no ready event can be, so that claims do not walk
 * over dead rows that a held snapshot keeps. A lane without a mark is read from the beginning, which is always right.
 *
 * `tick` advances them by the lock rule of the engine's proofs: when everybody who held the queue's lock at an earlier look
 * is gone, all places drawn before that look are decided, and a later statement may pass them. Whoever makes an event
 * ready under an old place draws `rescan`, and all marks are forgotten. A full scan now and then bounds what rows written by
 * hand or a restore may hide. Marks are lost with the connection that looked: after a restart of the server a prepared
 * transaction has another name, and after a failover places may be given out again.
 */
export class Marks {
  readonly #now: () => number;
  readonly #fullScanEveryMs: number;
  #lanes: LaneMarks = noLanes;
  #byChannel: ReadonlyMap<number, ChannelMarks> = new Map();
  #rescan: string | undefined;
  /** The look whose holders are not all gone yet. */
  #pending: Horizon | undefined;
  /** The newest place up to which everything is decided. */
  #decided: string | undefined;
  #nextFullScan = 0;
  #generation = 0;
  #taken = 0;

  constructor(now: () => number = () => performance.now(), fullScanEveryMs: number = fullScan.everyMs) {
    this.#now = now;
    this.#fullScanEveryMs = fullScanEveryMs;
  }

  /** The marks of every lane. */
  all(): LaneMarks {
    return this.#lanes;
  }

  /** The marks of one channel's lanes. */
  of(channelId: number): ChannelMarks {
    return this.#byChannel.get(channelId) ?? none;
  }

  /** So many events were taken: each leaves a dead row above the marks until they advance. */
  took(events: number): void {
    this.#taken += events;
  }

  /** How many events were taken since this was asked last. */
  takenSince(): number {
    const taken = this.#taken;
    this.#taken = 0;
    return taken;
  }

  /** Drops everything: the connection that looked is another one now. */
  forget(): void {
    this.#generation += 1;
    this.#rescan = undefined;
    this.#reset();
  }

  /** Looks once, and advances when that is allowed. */
  async tick(db: Queryable): Promise<void> {
    const generation = this.#generation;
    const look = await gateway.horizon(db);
    if (generation !== this.#generation) return;
    if (look.rescan !== this.#rescan) this.#reset();
    this.#rescan = look.rescan;
    const advance = this.#pending !== undefined && !meet(this.#pending.holders, look.holders);
    const unchanged = this.#lanes.idle && this.#pending?.cand === this.#decided;
    if (advance) this.#decided = this.#pending?.cand;
    if (advance || this.#pending === undefined) this.#pending = look;
    if (this.#decided === undefined) return;
    const full = this.#now() >= this.#nextFullScan;
    if (full || (advance && !unchanged)) await this.#advance(db, this.#decided, full, generation);
  }

  async #advance(db: Queryable, decided: string, full: boolean, generation: number): Promise<void> {
    const began = this.#now();
    if (full) await gateway.findLanes(db);
    const lanes = await gateway.marks(db, decided, full ? noLanes : this.#lanes);
    if (generation !== this.#generation) return;
    this.#set(lanes);
    if (!full) return;
    const ended = this.#now();
    this.#nextFullScan = ended + Math.max(this.#fullScanEveryMs, (ended - began) * fullScan.timesItsDuration);
  }

  #reset(): void {
    this.#pending = undefined;
    this.#decided = undefined;
    this.#set(noLanes);
  }

  #set(lanes: LaneMarks): void {
    const byChannel = new Map<number, { priorities: number[]; lows: string[] }>();
    for (const [index, channel] of lanes.channels.entries()) {
      const marks = byChannel.get(channel) ?? { priorities: [], lows: [] };
      marks.priorities.push(lanes.priorities[index] ?? 0);
      marks.lows.push(lanes.lows[index] ?? '0');
      byChannel.set(channel, marks);
    }
    this.#lanes = lanes;
    this.#byChannel = byChannel;
  }
}

function meet(earlier: readonly string[], now: readonly string[]): boolean {
  const left = new Set(now);
  return earlier.some((holder) => left.has(holder));
}
