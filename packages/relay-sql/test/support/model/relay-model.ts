import {
  type AskedOutcome,
  type ChannelState,
  type Claim,
  type Event,
  type Fence,
  type Instance,
  LEASE_MS,
  type Problem,
  Refused,
  type Sent,
  type Settled,
  SQLSTATES,
} from './model-types.js';

/** How long class 40 waits before each further attempt; any other error fails for good. */
const RETRY_DELAYS_MS = [3_000, 5_000, 10_000];
/** Alone, and in the company of others that may have done it. */
const LOSSES_UNTIL_QUARANTINE = { alone: 3, inCompany: 5 } as const;

/** The relay with no SQL in it: the states of an event, and what leads from one to the next. */
export class RelayModel {
  now = 0;
  readonly channels = new Map<string, ChannelState>();
  readonly events = new Map<string, Event>();
  readonly instances = new Map<number, Instance>();
  /** Which event a (channel, key) stands for; it may have started, and is then no longer in the way. */
  readonly keys = new Map<string, string>();
  /** Every claim and every Processor that ever was, so that stale ones can go on calling. */
  readonly claims: Claim[] = [];
  readonly processors: Fence[] = [];
  /** Per SQL event, how often its action took effect. */
  readonly effects = new Map<string, number>();
  #places = 0;

  // Producers

  notify(channel: string, sent: Sent): { readonly joined: string } | { readonly add: (id: string) => void } {
    this.#open(channel);
    const due = this.now + Math.max(sent.delayMs ?? 0, 0);
    const waiting = sent.key === null ? undefined : this.#join(channel, sent.key, due);
    if (waiting !== undefined) return { joined: waiting };
    return { add: (id) => this.#add(id, channel, sent, due) };
  }

  /** Events with the same key are one, with the first payload and priority and the earliest time. */
  notifyMany(channel: string, sent: readonly Sent[], ids: readonly string[]): void {
    this.#open(channel);
    const seen = new Map<string, string>();
    for (const [at, one] of sent.entries()) {
      const id = ids[at] ?? '';
      const earlier = one.key === null ? undefined : seen.get(one.key);
      if (earlier !== undefined) {
        same(id, earlier);
        continue;
      }
      if (one.key !== null) seen.set(one.key, id);
      const alike = one.key === null ? [one] : sent.filter(({ key }) => key === one.key);
      const delayMs = Math.min(...alike.map((other) => Math.max(other.delayMs ?? 0, 0)));
      const result = this.notify(channel, { ...one, delayMs });
      if ('joined' in result) same(id, result.joined);
      else result.add(id);
    }
  }

  // Processors

  attach(): Fence {
    let slot = 1;
    while (this.instances.get(slot)?.alive) slot += 1;
    const epoch = (this.instances.get(slot)?.epoch ?? 0) + 1;
    this.instances.set(slot, { epoch, alive: true, beatAt: this.now, stalled: false });
    const fence = { slot, epoch };
    this.processors.push(fence);
    return fence;
  }

  alive({ slot, epoch }: Fence): boolean {
    const instance = this.instances.get(slot);
    return instance?.epoch === epoch && instance.alive;
  }

  /** Those that are not stalled beat at every moment, as far as anybody can tell. */
  beat({ slot, epoch }: Fence): boolean {
    const instance = this.instances.get(slot);
    if (instance === undefined || !this.alive({ slot, epoch })) return false;
    instance.beatAt = this.now;
    return true;
  }

  bury(): number[] {
    const dead = [...this.instances].filter(([, i]) => i.alive && i.beatAt < this.now - LEASE_MS);
    for (const [, instance] of dead) instance.alive = false;
    return dead.map(([slot]) => slot);
  }

  /** The third loss in company makes an event wait, nobody knows how long: `runAt` is NaN until the relay has told. */
  rescue(): number {
    const orphans = this.#where('queue').flatMap((event) =>
      event.holder && !this.alive(event.holder) ? [{ event, holder: event.holder }] : [],
    );
    const held = ({ slot, epoch }: Fence) =>
      orphans.filter(({ holder }) => holder.slot === slot && holder.epoch === epoch).length;
    for (const { event, holder } of orphans) {
      const limit = held(holder) === 1 ? LOSSES_UNTIL_QUARANTINE.alone : LOSSES_UNTIL_QUARANTINE.inCompany;
      event.lost += 1;
      event.log.push({ attempt: event.attempt, outcome: 'lost', code: 'processor_lost' });
      event.holder = undefined;
      if (event.lost >= limit) {
        this.#fail(event, 'quarantined', 'quarantined');
      } else if (event.lost >= LOSSES_UNTIL_QUARANTINE.alone) {
        event.where = 'delayed';
        event.runAt = Number.NaN;
      }
    }
    return orphans.length;
  }

  claim(fence: Fence, channel: string, limit: number): Claim[] {
    if (!this.alive(fence)) throw new Refused('PR009');
    const ready = this.channels.get(channel) === 'active' ? this.ready(channel).slice(0, limit) : [];
    const lossy = ready.findIndex((event) => event.lost > 0);
    const taken = lossy === -1 ? ready : ready.slice(0, Math.max(lossy, 1)); // one with losses goes alone
    return taken.map((event) => {
      event.attempt += 1;
      event.holder = fence;
      return { ...fence, id: event.id, attempt: event.attempt };
    });
  }

  held(fence: Fence): Event[] {
    return this.#where('queue')
      .filter(({ holder }) => holder?.slot === fence.slot && holder.epoch === fence.epoch)
      .sort((a, b) => a.place - b.place);
  }

  release(fence: Fence, ids: readonly string[]): number {
    const mine = this.held(fence).filter((event) => ids.includes(event.id));
    for (const event of mine) {
      event.attempt -= 1;
      event.holder = undefined;
    }
    return mine.length;
  }

  detach(fence: Fence): void {
    this.release(
      fence,
      this.held(fence).map((event) => event.id),
    );
    const instance = this.instances.get(fence.slot);
    if (instance && this.alive(fence)) instance.alive = false;
  }

  /** Ends those of the claims that still hold; returns what was logged for each. */
  settle(claims: readonly Claim[], asked: AskedOutcome, delayMs: number, error: Problem | null): Settled[] {
    const settled: Settled[] = [];
    for (const claim of claims) {
      const event = this.events.get(claim.id);
      if (event === undefined || event.attempt !== claim.attempt || !this.held(claim).includes(event)) continue;
      settled.push({ id: event.id, outcome: this.#end(event, asked, delayMs, error) });
    }
    return settled;
  }

  runBatch(
    fence: Fence,
    channel: string,
    limit: number,
  ): { taken: number; done: number; retried: number; failed: number } {
    if (!this.alive(fence)) throw new Refused('PR009');
    const taken = this.channels.get(channel) === 'active' ? this.ready(channel).slice(0, limit) : [];
    const counts = { taken: taken.length, done: 0, retried: 0, failed: 0 };
    for (const event of taken) {
      event.attempt += 1;
      const sqlstate = SQLSTATES[event.payload ?? ''];
      if (sqlstate === undefined) this.effects.set(event.id, (this.effects.get(event.id) ?? 0) + 1);
      const outcome = this.#end(event, sqlstate === undefined ? 'done' : 'error', 0, {
        sqlstate: sqlstate ?? null,
        code: sqlstate === undefined ? null : 'action_error',
      });
      counts[outcome as 'done' | 'retried' | 'failed'] += 1;
    }
    return counts;
  }

  /** The end of an attempt whose own transaction was undone. */
  failUnclaimed(fence: Fence, id: string, error: Problem): string | null {
    if (!this.alive(fence)) throw new Refused('PR009');
    const event = this.events.get(id);
    if (event?.where !== 'queue' || event.holder) return null;
    event.attempt += 1;
    return this.#end(event, 'error', 0, error);
  }

  promote(): void {
    const due = this.#where('delayed').filter((event) => event.runAt <= this.now);
    for (const event of due.sort((a, b) => a.runAt - b.runAt || Number(BigInt(a.id) - BigInt(b.id))))
      this.#enqueue(event);
  }

  // People

  setState(channel: string, state: ChannelState): void {
    if (!this.channels.has(channel)) throw new Refused('PR001');
    this.channels.set(channel, state);
  }

  drop(channel: string, force: boolean): void {
    if (!this.channels.has(channel)) throw new Refused('PR001');
    const waiting = [...this.#where('queue'), ...this.#where('delayed')].filter((event) => event.channel === channel);
    if (waiting.length > 0 && !force) throw new Refused('PR007');
    for (const event of waiting) {
      if (event.holder) event.log.push({ attempt: event.attempt, outcome: 'failed', code: 'channel_dropped' });
      this.#fail(event, 'channel_dropped', 'channel_dropped');
    }
    for (const key of this.keys.keys()) if (key.startsWith(`${channel} `)) this.keys.delete(key);
    this.channels.delete(channel);
  }

  redrive(id: string): void {
    const event = this.events.get(id);
    if (event?.where !== 'failed') throw new Refused('PR012');
    if (!this.channels.has(event.channel)) throw new Refused('PR001');
    this.#revive(event, this.now);
  }

  redriveChannel(channel: string, limit: number | null, perSecond: number | null): number {
    if (!this.channels.has(channel)) throw new Refused('PR001');
    const failed = this.#where('failed')
      .filter((event) => event.channel === channel)
      .sort((a, b) => (a.failure?.at ?? 0) - (b.failure?.at ?? 0) || Number(BigInt(a.id) - BigInt(b.id)))
      .slice(0, limit ?? undefined);
    for (const [n, event] of failed.entries())
      this.#revive(event, this.now + (perSecond === null ? 0 : (n * 1000) / perSecond));
    return failed.length;
  }

  /** Puts an event that waits off, or forward; it is then delayed until it is moved, even when it is due at once. */
  snooze(id: string, delayMs: number): 'snoozed' | 'running' {
    const event = this.events.get(id);
    if (event?.where !== 'queue' && event?.where !== 'delayed') throw new Refused('PR028');
    if (event.holder) return 'running';
    event.where = 'delayed';
    event.runAt = this.now + delayMs;
    return 'snoozed';
  }

  // What others see

  /** The ready events of a channel in the order in which they are claimed. */
  ready(channel: string): Event[] {
    return this.#where('queue')
      .filter((event) => event.channel === channel && !event.holder)
      .sort((a, b) => a.priority - b.priority || a.place - b.place);
  }

  #where(where: Event['where']): Event[] {
    return [...this.events.values()].filter((event) => event.where === where);
  }

  #open(channel: string): void {
    const state = this.channels.get(channel);
    if (state === undefined) throw new Refused('PR001');
    if (state === 'disabled') throw new Refused('PR002');
  }

  /** The event that waits under this key, if it has not started; it is moved forward when it would come too late. */
  #join(channel: string, key: string, due: number): string | undefined {
    const event = this.events.get(this.keys.get(`${channel} ${key}`) ?? '');
    const waits = event && ['queue', 'delayed'].includes(event.where) && !event.holder && event.attempt === 0;
    if (!waits) return undefined;
    if (event.where === 'delayed') event.runAt = Math.min(event.runAt, due);
    return event.id;
  }

  #add(id: string, channel: string, sent: Sent, due: number): void {
    if (this.events.has(id)) throw new Error(`id ${id} was given twice`);
    const { payload, priority, key } = sent;
    const counts = { attempt: 0, retried: 0, lost: 0, log: [] };
    const nowhere = { where: 'delayed', holder: undefined, place: 0, failure: undefined } as const;
    const event: Event = { id, channel, payload, priority, key, runAt: due, ...nowhere, ...counts };
    this.events.set(id, event);
    if (due <= this.now) this.#enqueue(event);
    if (key !== null) this.keys.set(`${channel} ${key}`, id);
  }

  #enqueue(event: Event): void {
    this.#places += 1;
    event.where = 'queue';
    event.place = this.#places;
  }

  #end(event: Event, asked: AskedOutcome, delayMs: number, error: Problem | null): string {
    const again = error?.sqlstate?.startsWith('40') ? RETRY_DELAYS_MS[event.retried] : undefined;
    const outcome = asked !== 'error' ? asked : again === undefined ? 'failed' : 'retried';
    const own = error?.code === 'handler_error' || error?.code === 'action_error'; // other codes stay
    const exhausted = asked === 'error' && outcome === 'failed' && event.retried > 0 && own;
    const code = exhausted ? 'retries_exhausted' : (error?.code ?? null);
    event.log.push({ attempt: event.attempt, outcome, code });
    event.holder = undefined;
    this.#freeKey(event);
    if (outcome === 'retried' || outcome === 'snoozed') {
      event.where = 'delayed';
      event.runAt = this.now + (again ?? delayMs);
      if (outcome === 'retried') event.retried += 1;
    } else if (outcome === 'failed') this.#fail(event, 'failed', code ?? 'failed');
    else event.where = 'gone';
    return outcome;
  }

  #fail(event: Event, reason: string, code: string): void {
    event.where = 'failed';
    event.holder = undefined;
    event.failure = { reason, code, at: this.now };
    this.#freeKey(event);
  }

  #revive(event: Event, runAt: number): void {
    event.failure = undefined;
    event.retried = 0;
    event.lost = 0;
    event.runAt = runAt;
    if (runAt > this.now) event.where = 'delayed';
    else this.#enqueue(event);
  }

  /** A key goes with its event, unless it stands for another one by now. */
  #freeKey({ id, channel, key }: Event): void {
    if (key !== null && this.keys.get(`${channel} ${key}`) === id) this.keys.delete(`${channel} ${key}`);
  }
}

function same(id: string, expected: string): void {
  if (id !== expected) throw new Error(`the event was to join ${expected}, and got ${id}`);
}
