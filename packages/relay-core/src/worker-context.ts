import type { Logger } from 'pino';
import { type Fence, gateway } from './db/gateway.js';
import type { OpenConnections } from './db/open-connections.js';
import type { Queryable } from './db/queryable.js';
import type { ProcessorScope } from './di/processor-scope.js';
import { BatchSize } from './flow/batch-size.js';
import { Hint } from './flow/hint.js';
import { type Claim, InFlight } from './flow/in-flight.js';
import { Marks } from './flow/marks.js';
import { Poller } from './flow/poll.js';
import type { Prefetch } from './flow/prefetch.js';
import { ReadyChannels } from './flow/ready-channels.js';
import { Context } from './flow/run-handler.js';
import { RunningBatches } from './flow/running-batches.js';
import type { Settler } from './flow/settle.js';
import { Suspects } from './flow/suspects.js';
import type { HandlerDefinition } from './handlers/handler-definition.js';
import { Deadlines } from './lifecycle/deadlines.js';
import { Wakeup } from './lifecycle/wakeup.js';
import type { SchemaOf } from './send.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** What the workers of one Processor share. */
export class WorkerContext {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly scope: ProcessorScope;
  readonly settler: Settler;
  readonly control: Queryable;
  readonly pollIntervalMs: number;
  readonly connections: OpenConnections;
  /** Told when the database says that this slot and epoch are not the Processor's any more. */
  readonly onFenced: (fence: Fence) => void;
  /** Schemas of the payloads that the handlers take, by the name of their channel. */
  readonly schemaOf: SchemaOf;
  /** Aborted when the Processor is forced to stop. */
  readonly forced = new AbortController();
  /** Handlers by the id of their channel. */
  readonly handlers = new Map<number, HandlerDefinition>();
  /** Events that were claimed and have not been settled. */
  readonly inFlight = new InFlight();
  /** SQL channels of which a worker of this Processor runs a batch just now. */
  readonly running = new Set<number>();
  /** Those batches, as long as they can be stopped. */
  readonly sqlBatches: RunningBatches;
  /** Running calls of each batch handler, by channel. */
  readonly batches = new Map<number, number>();
  /** Channels left alone until this time (performance.now) after an error that was not an event's. */
  readonly backoff = new Map<number, { readonly until: number; readonly pauseMs: number }>();
  /** Wake-up of the whole Processor: whichever worker is idle keeps the flag armed. */
  readonly hint = new Hint();
  /** What ran when a worker lost its connection. */
  readonly suspects = new Suspects();
  /** Where claims begin. */
  readonly marks = new Marks();
  /** Which channels have work. */
  readonly ready = new ReadyChannels();
  /** Looks which. */
  readonly poller: Poller;
  /** Events of leased handlers that were claimed and have not started, by channel. */
  readonly prefetched = new Map<number, Prefetch>();
  /** The time limits of handlers. */
  readonly deadlines = new Deadlines();
  readonly #sizes = new Map<number, BatchSize>();
  readonly #wakeups: Wakeup[] = [];
  #tenure: { readonly fence: Fence; readonly ended: AbortController; readonly stopping: AbortSignal } | undefined;
  /** What handlers get, with what plugins add to it. */
  context = Context;
  draining = false;
  /** Claims that were sent so far. */
  claims = 0;

  constructor(parts: {
    log: Logger;
    telemetry: Telemetry;
    scope: ProcessorScope;
    settler: Settler;
    control: Queryable;
    pollIntervalMs: number;
    connections: OpenConnections;
    onFenced: (fence: Fence) => void;
    onDead: () => void;
    schemaOf: SchemaOf;
  }) {
    this.log = parts.log;
    this.telemetry = parts.telemetry;
    this.scope = parts.scope;
    this.settler = parts.settler;
    this.control = parts.control;
    this.pollIntervalMs = parts.pollIntervalMs;
    this.connections = parts.connections;
    this.onFenced = parts.onFenced;
    this.poller = new Poller(this.ready, this.marks, this.hint, parts.pollIntervalMs, {
      found: () => this.wakeAll(),
      dead: parts.onDead,
    });
    this.schemaOf = parts.schemaOf;
    this.sqlBatches = new RunningBatches((pids) =>
      this.fence === undefined ? Promise.resolve([]) : gateway.stopBatches(this.control, this.fence, pids),
    );
  }

  /** The slot and epoch, or undefined while the Processor has none. */
  get fence(): Fence | undefined {
    return this.#tenure?.fence;
  }

  take(fence: Fence): void {
    const ended = new AbortController();
    this.#tenure = { fence, ended, stopping: AbortSignal.any([this.forced.signal, ended.signal]) };
  }

  /** The slot is somebody else's now, or given back: handlers that still run for it see their signal. */
  lose(reason: string): void {
    const tenure = this.#tenure;
    this.#tenure = undefined;
    this.takeUnstarted(); // the database gives them to others
    tenure?.ended.abort(new Error(reason));
  }

  /** Aborted when the Processor is forced to stop and when it no longer holds this slot in this epoch. */
  stopping(fence: Fence): AbortSignal {
    return this.#tenure?.fence === fence ? this.#tenure.stopping : AbortSignal.abort(new Error('the slot is lost'));
  }

  size(channelId: number): BatchSize {
    const size = this.#sizes.get(channelId) ?? new BatchSize();
    this.#sizes.set(channelId, size);
    return size;
  }

  /** A channel has work, or a handler room for more: one idle worker takes it up. */
  wakeFor(channelId: number): void {
    if (!this.ready.add(channelId)) this.poller.hurry();
    (this.#wakeups.find((wakeup) => wakeup.isWaiting) ?? this.#wakeups[0])?.signal();
  }

  /** Somebody wants an event cancelled: whatever runs it here is stopped. */
  cancel(id: string): void {
    this.inFlight.cancel(id);
    void this.sqlBatches.stop();
  }

  /** Everything may have changed: all of it is looked at now. */
  lookNow(): void {
    this.poller.hurry();
    this.wakeAll();
  }

  /** Takes back what was claimed and not started. */
  takeUnstarted(): readonly Claim[] {
    const left = [...this.prefetched.values()].flatMap((prefetch) => prefetch.giveUp().map(({ claimed }) => claimed));
    for (const claim of left) this.inFlight.delete(claim);
    return left;
  }

  wakeup(): Wakeup {
    const wakeup = new Wakeup();
    this.#wakeups.push(wakeup);
    return wakeup;
  }

  /** Lets every worker look for work now instead of at its next tick. */
  wakeAll(): void {
    for (const wakeup of this.#wakeups) wakeup.signal();
  }
}
