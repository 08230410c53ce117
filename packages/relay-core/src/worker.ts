import { applySettings, type Connection } from './db/connection.js';
import { type Fence, gateway, type PolledChannel } from './db/gateway.js';
import { isConnectionLoss, sqlstateOf } from './db/pg-error.js';
import { claim } from './flow/claim.js';
import { Concurrency } from './flow/concurrency.js';
import { dispatch } from './flow/dispatch.js';
import { dispatchBatch } from './flow/dispatch-batch.js';
import { type Claimed, Prefetch } from './flow/prefetch.js';
import { runBatch } from './flow/run-batch.js';
import type { Attempt } from './flow/run-handler.js';
import { runToplevel } from './flow/run-toplevel.js';
import { runTransaction } from './flow/run-transaction.js';
import type { HandlerDefinition } from './handlers/handler-definition.js';
import type { Wakeup } from './lifecycle/wakeup.js';
import { logOutcome } from './telemetry/log-outcome.js';
import type { WorkerContext } from './worker-context.js';

/** A look or a claim that takes longer than this is given up, in ms. */
const lookTimeoutMs = 30_000;

/** Events of a transactional handler that a worker claims at once; it runs them one after the other. */
const transactionalClaim = 10;

/**
 * One connection that runs actions. `tick` reads look → claim → dispatch → settle, and returns how long to wait; a tick that
 * did something is followed by the next at once, so a burst drains as fast as the database can.
 */
export class Worker {
  readonly #number: number;
  readonly #db: Connection;
  readonly #shared: WorkerContext;
  readonly #wakeup: Wakeup;
  #loop: Promise<void> | undefined;
  #lostConnection = false;
  /** The slot and epoch in which this worker's connection was recorded last; a new one enters by itself. */
  #entered: Fence | undefined;

  constructor(number: number, db: Connection, shared: WorkerContext) {
    this.#number = number;
    this.#db = db;
    this.#shared = shared;
    this.#wakeup = shared.wakeup();
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

  /** Waits for this long or for a signal; keeps the flag armed where looks are further apart than it lasts. */
  async #idle(ms: number): Promise<void> {
    const { fence, hint, lookout } = this.#shared;
    const rearmMs = fence === undefined ? Number.POSITIVE_INFINITY : hint.rearmWithinMs();
    const signalled = await this.#wakeup.wait(Math.max(1, Math.min(ms, rearmMs)));
    if (!signalled && rearmMs < ms && !this.#shared.draining && hint.rearmWithinMs() <= 0)
      await lookout.rearm(this.#db);
  }

  /** Works on the channel whose turn it is. Returns how many ms to wait when there is none. */
  async tick(): Promise<number> {
    const { fence, lookout, ready, hint, pollIntervalMs } = this.#shared;
    if (fence === undefined) return pollIntervalMs;
    if (this.#entered !== fence) await this.#enter(fence);
    if (lookout.dueInMs() <= 0) await this.#look(ready.size === 0);
    if (this.#shared.draining) return 0;
    const next = ready.next((channel) => this.#passesOver(channel));
    if (next === undefined) {
      // Before it waits, the flag must be armed, and nobody left who read it before.
      if (ready.size === 0 && !hint.isArmed() && !hint.isWatching) await this.#look(true);
      return ready.next((channel) => this.#passesOver(channel)) === undefined ? Math.max(1, lookout.dueInMs()) : 0;
    }
    if (await this.#take(next.channel, fence)) lookout.progressed();
    else ready.drained(next);
    return 0;
  }

  async #look(idle: boolean): Promise<void> {
    const { handlers, lookout, log } = this.#shared;
    await this.#db.statementTimeout(lookTimeoutMs);
    await lookout.look(this.#db, [...handlers.keys()], idle);
    if (!this.#lostConnection) return;
    this.#lostConnection = false;
    log.info({ worker: this.#number }, 'worker is connected again');
  }

  /** A SQL channel that another worker runs, and one left alone after an error. */
  #passesOver(channel: PolledChannel): boolean {
    if ((this.#shared.backoff.get(channel.id)?.until ?? 0) > performance.now()) return true;
    return channel.kind === 'sql' && !channel.parallel && this.#shared.running.has(channel.id);
  }

  async #enter(fence: Fence): Promise<void> {
    await gateway
      .enterBackend(this.#db, fence, `worker ${this.#number}`)
      .catch((error) => this.#notFenced(error, fence));
    this.#entered = fence;
  }

  /** Passes an error on, and says so when it is the loss of the slot. */
  #notFenced(error: unknown, fence: Fence): never {
    if (isFenced(error)) this.#shared.onFenced(fence);
    throw error;
  }

  /** Work on one channel; whether there probably is more. An error that is no event's makes the channel wait, not the others. */
  async #take(channel: PolledChannel, fence: Fence): Promise<boolean> {
    try {
      const handler = this.#shared.handlers.get(channel.id);
      let more: boolean;
      if (channel.kind === 'sql') more = await this.#runSql(channel, fence);
      else if (channel.kind === 'toplevel') more = await this.#runToplevel(channel, fence);
      else if (handler === undefined) more = false;
      else if (handler.mode === 'transactional') more = await this.#runTransactional(channel, handler, fence);
      else if (handler.batch !== undefined) more = await this.#runHandlerBatch(channel, handler, handler.batch, fence);
      else more = await this.#runLeased(channel, handler, fence);
      this.#shared.backoff.delete(channel.id);
      return more;
    } catch (error) {
      if (isConnectionLoss(error) || isFenced(error)) this.#notFenced(error, fence);
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
    const { running, log, lookout, marks } = this.#shared;
    if (running.has(channel.id) && !channel.parallel) return false;
    running.add(channel.id);
    try {
      let more: boolean;
      do {
        const result = await runBatch(
          this.#db,
          fence,
          this.#number,
          channel,
          this.#shared.size(channel.id),
          marks.of(channel.id),
          () => this.#shared.draining,
        );
        for (const trouble of result.troubles) logOutcome(log, trouble, channel.name);
        if (result.done > 0) log.debug({ channel: channel.name, events: result.done }, 'batch done');
        marks.took();
        lookout.progressed();
        more = result.more;
      } while (more && !this.#shared.draining && lookout.dueInMs() > 0);
      await this.#db.resetSettings((db) => applySettings(db, this.#shared.leaseMs));
      return more;
    } finally {
      running.delete(channel.id);
    }
  }

  async #runToplevel(channel: PolledChannel, fence: Fence): Promise<boolean> {
    const { inFlight, settler } = this.#shared;
    await this.#db.statementTimeout(lookTimeoutMs);
    this.#shared.claims += 1;
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
    return events.length === transactionalClaim;
  }

  /** Events that did not start, or whose transaction was cut: uncounted. If this fails, the reclaim task finds them. */
  async #giveBack(fence: Fence, ids: readonly string[]): Promise<void> {
    await gateway.release(this.#shared.control, fence, ids).catch(() => undefined);
  }

  async #runLeased(channel: PolledChannel, handler: HandlerDefinition, fence: Fence): Promise<boolean> {
    const prefetch = this.#prefetch(channel, handler);
    const want = prefetch.want(performance.now());
    if (want === 0) return false;
    let events: Claimed[] = [];
    try {
      events = await this.#claim(channel, fence, want);
    } finally {
      prefetch.arrived(events, want, performance.now());
    }
    return events.length === want;
  }

  /** The events of this channel that wait in this Processor for their handler. */
  #prefetch(channel: PolledChannel, handler: HandlerDefinition): Prefetch {
    const { prefetched, settler } = this.#shared;
    const existing = prefetched.get(channel.id);
    if (existing !== undefined) return existing;
    const start = ({ claimed: claim, event }: Claimed) => {
      const startedAt = performance.now();
      const env = { ...this.#environment(channel, handler, claim.fence), db: this.#shared.control };
      void dispatch(event, handler, env).then((attempt) => {
        const finishedAt = performance.now();
        settler.add({ claim, attempt, startedAt, finishedAt });
        if (prefetch.ended(finishedAt)) this.#shared.wakeFor(channel.id);
      });
    };
    const prefetch = new Prefetch(new Concurrency(handler.concurrency), start, () => !this.#shared.draining);
    prefetched.set(channel.id, prefetch);
    return prefetch;
  }

  async #runHandlerBatch(
    channel: PolledChannel,
    handler: HandlerDefinition,
    limit: number,
    fence: Fence,
  ): Promise<boolean> {
    const { batches, settler, control } = this.#shared;
    const count = (by: number) => batches.set(channel.id, (batches.get(channel.id) ?? 0) + by);
    if ((batches.get(channel.id) ?? 0) >= (handler.concurrency ?? 1)) return false;
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
      if (events.length === limit) this.#shared.wakeFor(channel.id);
    });
    return events.length === limit;
  }

  async #claim(channel: PolledChannel, fence: Fence, limit: number): Promise<Claimed[]> {
    const { inFlight, marks } = this.#shared;
    await this.#db.statementTimeout(lookTimeoutMs);
    this.#shared.claims += 1;
    const events = await claim(this.#db, fence, this.#number, channel, limit, marks.of(channel.id));
    if (events.length > 0) marks.took();
    if (this.#shared.fence !== fence) return []; // declared dead meanwhile: they are given to others
    return events.map((event) => ({ claimed: inFlight.add(fence, channel.id, event), event }));
  }

  #environment(channel: PolledChannel, handler: HandlerDefinition, fence: Fence) {
    const { scope, log, control, deadlines, schemaOf } = this.#shared;
    const stopping = this.#shared.stopping(fence);
    const timeoutMs = handler.timeoutMs ?? channel.timeoutMs;
    return { scope, log, control, deadlines, schemaOf, fence, stopping, timeoutMs };
  }

  /** After an error that ended a tick: how long to wait. A lost connection opens again with the next tick. */
  #recover(error: unknown): number {
    if (this.#shared.draining) return 0;
    if (isConnectionLoss(error)) {
      if (!this.#lostConnection)
        this.#shared.log.warn({ worker: this.#number, sqlstate: sqlstateOf(error) }, 'worker lost its connection');
      this.#lostConnection = true;
    } else if (!isFenced(error)) {
      this.#shared.log.error(
        { worker: this.#number, sqlstate: sqlstateOf(error), code: codeOf(error) },
        'worker could not look for work',
      );
    }
    return Math.min(this.#shared.pollIntervalMs, 1_000);
  }
}

const isFenced = (error: unknown): boolean => codeOf(error) === 'RELAY_FENCED';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
