import type { Connection } from '../db/connection.js';
import { type Fence, gateway, type PolledChannel } from '../db/gateway.js';
import { claim } from '../flow/claim.js';
import type { Claim } from '../flow/in-flight.js';
import type { Claimed } from '../flow/prefetch.js';
import { lostAs } from '../flow/suspects.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import { logOutcome } from '../telemetry/log-outcome.js';
import type { WorkerContext } from '../worker-context.js';

/** A look or a claim that takes longer than this is given up, in ms. */
export const lookTimeoutMs = 30_000;

/** What became of a channel's turn: there probably is more, there is none, or there is no room for it. */
export type TurnEnd = 'more' | 'drained' | 'full';

export const moreIf = (more: boolean): TurnEnd => (more ? 'more' : 'drained');

/** The turn of one channel on one worker: what each kind of channel does with it is in a file of its own. */
export class Turn {
  readonly worker: number;
  readonly db: Connection;
  readonly shared: WorkerContext;
  readonly channel: PolledChannel;
  readonly fence: Fence;

  constructor(worker: number, db: Connection, shared: WorkerContext, channel: PolledChannel, fence: Fence) {
    this.worker = worker;
    this.db = db;
    this.shared = shared;
    this.channel = channel;
    this.fence = fence;
  }

  /** Claims events of a handler channel, and marks that this Processor works on them. */
  async claim(limit: number): Promise<Claimed[]> {
    const { shared, fence, channel } = this;
    await this.db.statementTimeout(lookTimeoutMs);
    shared.claims += 1;
    const events = await claim(this.db, fence, this.worker, channel, limit, shared.marks.of(channel.id));
    if (events.length > 0) shared.marks.took();
    if (shared.fence !== fence) return []; // declared dead meanwhile: they are given to others
    if (events.length > 0) this.tellClaimed(events.length);
    return events.map((event) => ({ claimed: shared.inFlight.add(fence, channel, event), event }));
  }

  /** After a claim that got some. */
  tellClaimed(events: number): void {
    const { telemetry } = this.shared;
    telemetry.look();
    if (telemetry.wants('events.claimed'))
      telemetry.tell('events.claimed', { slot: this.fence.slot, channel: this.channel.name, events });
  }

  /** Before a handler is called. */
  tellStarted({ id: eventId, attempt, channel, fence }: Claim): void {
    const { telemetry } = this.shared;
    if (telemetry.startsWanted) telemetry.tell('attempt.started', { slot: fence.slot, channel, eventId, attempt });
  }

  /** What a handler runs in, beside the connection that ctx.notify writes on. */
  environment(handler: HandlerDefinition, fence = this.fence) {
    const { scope, log, control, deadlines, schemaOf, context } = this.shared;
    const stopping = this.shared.stopping(fence);
    const timeoutMs = handler.timeoutMs ?? this.channel.timeoutMs;
    return { scope, log, control, deadlines, schemaOf, context, fence, stopping, timeoutMs };
  }

  /** Events that did not start, or whose transaction was cut: uncounted. If this fails, the reclaim task finds them. */
  async giveBack(ids: readonly string[]): Promise<void> {
    await gateway.release(this.shared.control, this.fence, ids).catch(() => undefined);
  }

  /** Whether the loss of this worker's connection is counted against the event that ran: when it did so before. */
  async countLoss(id: string, startedAt: number, error: unknown): Promise<boolean> {
    const { control, log, suspects } = this.shared;
    if (!suspects.again(id, error)) return false;
    const elapsedMs = performance.now() - startedAt;
    const outcome = await gateway.lose(control, this.fence, this.worker, id, elapsedMs).catch(() => null);
    if (outcome === null) return false;
    suspects.again(id, error); // still suspected: the next loss counts too
    logOutcome(log, { id, ...lostAs(outcome) }, this.channel.name);
    return true;
  }
}
