import type { Connection } from './db/connection.js';
import { type Backend, type Fence, gateway, type PolledChannel } from './db/gateway.js';
import { isServerAway, sqlstateOf } from './db/pg-error.js';
import type { RelayEvent } from './event.js';
import { claim } from './flow/claim.js';
import { dispatch } from './flow/dispatch.js';
import { dispatchBatch } from './flow/dispatch-batch.js';
import type { Claim } from './flow/in-flight.js';
import { poll } from './flow/poll.js';
import { readBack } from './flow/read-back.js';
import { runBatch } from './flow/run-batch.js';
import type { Attempt } from './flow/run-handler.js';
import { runToplevel } from './flow/run-toplevel.js';
import { runTransaction } from './flow/run-transaction.js';
import type { HandlerDefinition } from './handlers/handler-definition.js';
import type { Wakeup } from './lifecycle/wakeup.js';
import { logOutcome } from './telemetry/log-outcome.js';
import type { WorkerContext } from './worker-context.js';

/** An event, and the mark that this Processor works on it. */
interface Claimed {
  readonly claimed: Claim;
  readonly event: RelayEvent<string | null>;
}

/** Events of a transactional handler that a worker claims at once; it runs them one after the other. */
const transactionalClaim = 10;

/**
 * One connection that runs actions. `tick` reads poll → claim → dispatch → settle, and returns when to look again; a tick
 * that did something is followed by the next at once, so a burst drains as fast as the database can.
 */
export class Worker {
  readonly #number: number;
  readonly #db: Connection;
  readonly #shared: WorkerContext;
  readonly #wakeup: Wakeup;
  #loop: Promise<void> | undefined;
  #turn: number;
  #lostConnection = false;
  #recoverMs = 0;
  /** Backends of connections that this worker lost and has not read back after. */
  #lost: Backend[] = [];
  /** The slot and epoch in which this worker's connection was recorded last; a new one enters by itself. */
  #entered: Fence | undefined;

  constructor(number: number, db: Connection, shared: WorkerContext) {
    this.#number = number;
    this.#db = db;
    this.#shared = shared;
    this.#wakeup = shared.wakeup();
    this.#turn = number;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves when the loop has ended, which it does after its tick once the context drains. */
  async stopped(): Promise<void> {
    this.#wakeup.signal();
    await this.#loop;
  }

  close(force: boolean): Promise<void> {
    return this.#db.close(force);
  }

  async #run(): Promise<void> {
    while (!this.#shared.draining) {
      const delay = await this.tick().catch((error) => this.#recover(error));
      if (delay > 0) await this.#idle(delay).catch((error) => this.#wakeup.wait(this.#recover(error)));
    }
  }

  /** Waits for this long, for a signal, or until the hint wants another look; keeps the flag armed meanwhile. */
  async #idle(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (!this.#shared.draining) {
      const left = end - performance.now();
      const pause =
        this.#shared.fence === undefined
          ? { ms: left, thenLook: true }
          : await this.#shared.hint.beforeWaiting(this.#db);
      if (pause.ms === 0 || left <= 0) return;
      const signalled = await this.#wakeup.wait(Math.min(left, pause.ms));
      if (signalled || pause.thenLook) return;
    }
  }

  async tick(): Promise<number> {
    const { fence, handlers, pollIntervalMs } = this.#shared;
    if (fence === undefined) return pollIntervalMs;
    if (this.#entered !== fence) await this.#enter(fence);
    await this.#db.statementTimeout(30_000);
    await this.#readBack(fence);
    const { channels, nextDueMs } = await poll(this.#db, [...handlers.keys()], this.#shared.marks.all(), this.#turn++);
    if (this.#lostConnection) {
      this.#lostConnection = false;
      this.#shared.log.info({ worker: this.#number }, 'worker is connected again');
    }
    this.#recoverMs = 0;
    let progressed = false;
    let left = false;
    for (const channel of channels) {
      if (this.#shared.draining) return 0;
      if ((this.#shared.backoff.get(channel.id)?.until ?? 0) > performance.now()) continue;
      const took = await this.#take(channel, fence);
      progressed ||= took;
      left ||= !took;
    }
    this.#shared.hint.ticked(progressed, left);
    return progressed ? 0 : Math.min(pollIntervalMs, Math.ceil(nextDueMs ?? pollIntervalMs));
  }

  async #enter(fence: Fence): Promise<void> {
    if (!this.#shared.connections.pooled)
      await gateway
        .enterBackend(this.#db, fence, `worker ${this.#number}`)
        .catch((error) => this.#notFenced(error, fence));
    this.#entered = fence;
  }

  async #readBack(fence: Fence): Promise<void> {
    this.#lost.push(...this.#db.takeLost());
    if (this.#lost.length === 0) return;
    const { inFlight, log } = this.#shared;
    const events = await readBack(this.#db, fence, this.#number, this.#lost, (id) => inFlight.holds(fence, id));
    if (events === undefined) return;
    this.#lost = [];
    if (events > 0)
      log.warn({ worker: this.#number, events }, 'events of a claim whose reply was lost were given back');
  }

  /** Passes an error on, and says so when it is the loss of the slot. */
  #notFenced(error: unknown, fence: Fence): never {
    if (isFenced(error)) this.#shared.onFenced(fence);
    throw error;
  }

  /** Work on one channel; whether there was any. An error that is no event's makes the channel wait, not the others. */
  async #take(channel: PolledChannel, fence: Fence): Promise<boolean> {
    try {
      const handler = this.#shared.handlers.get(channel.id);
      let progressed: boolean;
      if (channel.kind === 'sql') progressed = await this.#runSql(channel, fence);
      else if (channel.kind === 'toplevel') progressed = await this.#runToplevel(channel, fence);
      else if (handler === undefined) progressed = false;
      else if (handler.mode === 'transactional') progressed = await this.#runTransactional(channel, handler, fence);
      else progressed = await this.#runLeased(channel, handler, fence);
      this.#shared.backoff.delete(channel.id);
      return progressed;
    } catch (error) {
      if (isServerAway(error) || isFenced(error)) this.#notFenced(error, fence);
      const pauseMs = Math.min((this.#shared.backoff.get(channel.id)?.pauseMs ?? 500) * 2, 30_000);
      this.#shared.backoff.set(channel.id, { until: performance.now() + pauseMs, pauseMs });
      this.#shared.log.error(
        { channel: channel.name, sqlstate: sqlstateOf(error), code: codeOf(error), pauseMs },
        'channel could not be worked on',
      );
      return false;
    }
  }

  async #runSql(channel: PolledChannel, fence: Fence): Promise<boolean> {
    const { running, log } = this.#shared;
    if (running.has(channel.id) && !channel.parallel) return false;
    running.add(channel.id);
    try {
      const result = await runBatch(
        this.#db,
        fence,
        this.#number,
        channel,
        this.#shared.size(channel.id),
        this.#shared.marks.of(channel.id),
        () => this.#shared.draining,
      );
      await this.#db.resetSettings();
      for (const trouble of result.troubles) logOutcome(log, trouble, channel.name);
      this.#shared.marks.took(result.done);
      if (result.done > 0) log.debug({ channel: channel.name, events: result.done }, 'batch done');
      return result.progressed;
    } finally {
      running.delete(channel.id);
    }
  }

  async #runToplevel(channel: PolledChannel, fence: Fence): Promise<boolean> {
    const { inFlight, settler } = this.#shared;
    const event = await gateway.claimToplevel(this.#db, fence, this.#number, channel.id);
    if (event === undefined) return false;
    const claimed = inFlight.add(fence, channel.id, event);
    try {
      settler.add(await runToplevel(this.#db, claimed, event, channel));
      return true;
    } catch (error) {
      inFlight.delete(claimed);
      await this.#giveBack(fence, [event.id]);
      throw error;
    }
  }

  async #runTransactional(channel: PolledChannel, handler: HandlerDefinition, fence: Fence): Promise<boolean> {
    const events = await this.#claim(channel, fence, transactionalClaim);
    const left = new Set(events.map(({ event }) => event.id));
    try {
      for (const { claimed, event } of events) {
        if (this.#shared.draining) break;
        const row = await runTransaction(this.#db, claimed, event, handler, this.#environment(channel, handler, fence));
        left.delete(event.id);
        if (row !== undefined) logOutcome(this.#shared.log, row);
      }
    } finally {
      for (const { claimed } of events) this.#shared.inFlight.delete(claimed);
      await this.#giveBack(fence, [...left]);
    }
    return events.length > 0;
  }

  /** Events that did not start, or whose transaction was cut: uncounted. If this fails, the reclaim task finds them. */
  async #giveBack(fence: Fence, ids: readonly string[]): Promise<void> {
    await gateway.release(this.#shared.control, fence, ids).catch(() => undefined);
  }

  async #runLeased(channel: PolledChannel, handler: HandlerDefinition, fence: Fence): Promise<boolean> {
    if (handler.batch !== undefined) return this.#runHandlerBatch(channel, handler, handler.batch, fence);
    const room = this.#shared.room(channel.id, handler.concurrency);
    if (room <= 0) return false;
    const events = await this.#claim(channel, fence, room);
    for (const { claimed: claim, event } of events) {
      const startedAt = performance.now();
      void dispatch(event, handler, { ...this.#environment(channel, handler, fence), db: this.#shared.control }).then(
        (attempt) => this.#shared.settler.add({ claim, attempt, startedAt, finishedAt: performance.now() }),
      );
    }
    return events.length > 0;
  }

  async #runHandlerBatch(
    channel: PolledChannel,
    handler: HandlerDefinition,
    limit: number,
    fence: Fence,
  ): Promise<boolean> {
    const { batches, settler, control } = this.#shared;
    const count = (by: number) => batches.set(channel.id, (batches.get(channel.id) ?? 0) + by);
    if ((batches.get(channel.id) ?? 0) >= handler.concurrency) return false;
    count(1);
    const claims = await this.#claim(channel, fence, limit).catch((error) => {
      count(-1);
      throw error;
    });
    const startedAt = performance.now();
    const events = claims.map(({ event }) => event);
    void dispatchBatch(events, handler, { ...this.#environment(channel, handler, fence), db: control }).then((all) => {
      count(-1);
      for (const [index, { claimed: claim }] of claims.entries())
        settler.add({ claim, attempt: all[index] as Attempt, startedAt, finishedAt: performance.now() });
    });
    return events.length > 0;
  }

  async #claim(channel: PolledChannel, fence: Fence, limit: number): Promise<Claimed[]> {
    const { inFlight, marks } = this.#shared;
    const events = await claim(this.#db, fence, this.#number, channel, limit, marks.of(channel.id));
    marks.took(events.length);
    if (this.#shared.fence !== fence) return []; // declared dead meanwhile: they are given to others
    return events.map((event) => ({ claimed: inFlight.add(fence, channel.id, event), event }));
  }

  #environment(channel: PolledChannel, handler: HandlerDefinition, fence: Fence) {
    const { scope, log, control } = this.#shared;
    const stopping = this.#shared.stopping(fence);
    return { scope, log, control, fence, stopping, timeoutMs: handler.timeoutMs ?? channel.timeoutMs };
  }

  /** After an error that ended a tick: how long to wait. A lost connection opens again with the next tick. */
  #recover(error: unknown): number {
    if (this.#shared.draining) return 0;
    if (isServerAway(error)) {
      if (!this.#lostConnection)
        this.#shared.log.warn({ worker: this.#number, sqlstate: sqlstateOf(error) }, 'worker lost its connection');
      this.#lostConnection = true;
    } else if (!isFenced(error)) {
      this.#shared.log.error(
        { worker: this.#number, sqlstate: sqlstateOf(error), code: codeOf(error) },
        'worker could not look for work',
      );
    }
    this.#recoverMs = Math.min(Math.max(25, this.#recoverMs) * 2, 1_000);
    return this.#recoverMs * (0.5 + Math.random() / 2); // not all at once, when a server is back
  }
}

const isFenced = (error: unknown): boolean => codeOf(error) === 'RELAY_FENCED';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
