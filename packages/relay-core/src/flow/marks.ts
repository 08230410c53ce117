import { type ChannelMarks, gateway, type LaneMarks, type Look, type LookQuestion } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

/** A full scan follows the last one after this many ms, or after this many times its own duration, whichever is longer. */
export const fullScan = { everyMs: 60_000, timesItsDuration: 50 } as const;

/** The newest place at a look, and who might still add events up to it. */
interface Horizon {
  readonly cand: string;
  readonly holders: readonly string[];
}

const none: ChannelMarks = { priorities: [], lows: [] };
const noLanes: LaneMarks = { channels: [], priorities: [], lows: [], idle: false };

/**
 * Low-water marks: for each lane (channel, priority) a place below which no ready event can be, so that claims do not walk
 * over dead rows that a held snapshot keeps. A lane without a mark is read from the beginning, which is always right.
 *
 * They advance by the lock rule of the engine's proofs: when everybody who held the queue's lock at an earlier look
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
  #fullScanBegan: number | undefined;
  #generation = 0;
  #taken = false;

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

  /** Events were taken: each leaves a dead row above the marks until they advance. */
  took(): void {
    this.#taken = true;
  }

  /** Drops everything: the connection that looked is another one now. */
  forget(): void {
    this.#generation += 1;
    this.#rescan = undefined;
    this.#reset();
  }

  /** What the next look has to be asked. */
  ask(): Pick<LookQuestion, 'lanes' | 'rescan' | 'cand' | 'full'> {
    const full = this.#now() >= this.#nextFullScan;
    this.#fullScanBegan = full ? this.#now() : undefined;
    return {
      lanes: full ? noLanes : this.#lanes,
      rescan: this.#rescan,
      // A full look reads the lanes up to what is decided; any other tells the holders as long as that is not the newest place.
      cand: full || this.#isAbreast() ? this.#decided : undefined,
      full,
    };
  }

  /** Takes the answer, and advances when that is allowed; that is a later statement than the look. */
  async hear(db: Queryable, look: Pick<Look, 'rescan' | 'cand' | 'holders' | 'lanes'>): Promise<void> {
    const generation = this.#generation;
    if (look.rescan !== this.#rescan) this.#reset();
    this.#rescan = look.rescan;
    if (this.#fullScanBegan !== undefined) {
      const ended = this.#now();
      const took = ended - this.#fullScanBegan;
      this.#nextFullScan = ended + Math.max(this.#fullScanEveryMs, took * fullScan.timesItsDuration);
      this.#fullScanBegan = undefined;
      if (look.lanes !== null && this.#decided !== undefined) this.#set(look.lanes);
    }
    if (look.holders === null) return;
    const now: Horizon = { cand: look.cand, holders: look.holders };
    const advance = this.#pending !== undefined && !meet(this.#pending.holders, now.holders);
    if (advance) this.#decided = this.#pending?.cand;
    if (advance || this.#pending === undefined) this.#pending = now;
    if (!advance || this.#decided === undefined) return;
    this.#taken = false;
    const lanes = await gateway.marks(db, this.#decided, this.#lanes);
    if (generation === this.#generation) this.#set(lanes);
  }

  /** A look for nothing but the marks. */
  async tick(db: Queryable): Promise<void> {
    const look = await gateway.look(db, [], { ...this.ask(), arm: false, watch: false, rescue: false });
    await this.hear(db, look);
  }

  /** Whether everything up to the newest place that a look saw is decided, and nothing has gone since. */
  #isAbreast(): boolean {
    return (this.#lanes.idle || !this.#taken) && this.#decided !== undefined && this.#pending?.cand === this.#decided;
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
