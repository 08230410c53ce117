import type { Logger } from 'pino';
import type { Fence } from './db/gateway.js';
import type { OpenConnections } from './db/open-connections.js';
import type { Queryable } from './db/queryable.js';
import type { ProcessorScope } from './di/processor-scope.js';
import { BatchSize } from './flow/batch-size.js';
import { Hint } from './flow/hint.js';
import { InFlight } from './flow/in-flight.js';
import { Marks } from './flow/marks.js';
import type { Settler } from './flow/settle.js';
import type { HandlerDefinition } from './handlers/handler-definition.js';
import { Wakeup } from './lifecycle/wakeup.js';

/** What the workers of one Processor share. */
export class WorkerContext {
  readonly log: Logger;
  readonly scope: ProcessorScope;
  readonly settler: Settler;
  readonly control: Queryable;
  readonly pollIntervalMs: number;
  readonly connections: OpenConnections;
  /** Told when the database says that this slot and epoch are not the Processor's any more. */
  readonly onFenced: (fence: Fence) => void;
  /** Aborted when the Processor is forced to stop. */
  readonly forced = new AbortController();
  /** Handlers by the id of their channel. */
  readonly handlers = new Map<number, HandlerDefinition>();
  /** Events that were claimed and have not been settled. */
  readonly inFlight = new InFlight();
  /** SQL channels of which a worker of this Processor runs a batch just now. */
  readonly running = new Set<number>();
  /** Running calls of each batch handler, by channel. */
  readonly batches = new Map<number, number>();
  /** Channels left alone until this time (performance.now) after an error that was not an event's. */
  readonly backoff = new Map<number, { readonly until: number; readonly pauseMs: number }>();
  /** Wake-up of the whole Processor: whichever worker is idle keeps the flag armed. */
  readonly hint = new Hint();
  /** Where claims begin. */
  readonly marks = new Marks();
  readonly #sizes = new Map<number, BatchSize>();
  readonly #wakeups: Wakeup[] = [];
  #tenure: { readonly fence: Fence; readonly ended: AbortController; readonly stopping: AbortSignal } | undefined;
  draining = false;

  constructor(parts: {
    log: Logger;
    scope: ProcessorScope;
    settler: Settler;
    control: Queryable;
    pollIntervalMs: number;
    connections: OpenConnections;
    onFenced: (fence: Fence) => void;
  }) {
    this.log = parts.log;
    this.scope = parts.scope;
    this.settler = parts.settler;
    this.control = parts.control;
    this.pollIntervalMs = parts.pollIntervalMs;
    this.connections = parts.connections;
    this.onFenced = parts.onFenced;
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

  /** How many more events of this channel may be handled at once. */
  room(channelId: number, concurrency: number): number {
    return concurrency - this.inFlight.of(channelId);
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
