import type { Connection } from './db/connection.js';
import { type Backend, type Fence, gateway, type PolledChannel } from './db/gateway.js';
import { isServerAway, sqlstateOf } from './db/pg-error.js';
import { readBack } from './flow/read-back.js';
import type { Wakeup } from './lifecycle/wakeup.js';
import { batchTurn } from './turns/batch-turn.js';
import { leasedTurn } from './turns/leased-turn.js';
import { sqlTurn } from './turns/sql-turn.js';
import { toplevelTurn } from './turns/toplevel-turn.js';
import { transactionalTurn } from './turns/transactional-turn.js';
import { lookTimeoutMs, Turn, type TurnEnd } from './turns/turn.js';
import type { WorkerContext } from './worker-context.js';

/**
 * One connection that runs actions. `tick` looks and gives the channel whose turn it is its turn (claim → dispatch → settle), and returns how long to wait; a tick that
 * did something is followed by the next at once, so a burst drains as fast as the database can.
 */
export class Worker {
  readonly #number: number;
  readonly #db: Connection;
  readonly #shared: WorkerContext;
  readonly #wakeup: Wakeup;
  #loop: Promise<void> | undefined;
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
    const { fence, hint, poller, ready } = this.#shared;
    const rearmMs = fence === undefined || !ready.isEmpty ? Number.POSITIVE_INFINITY : hint.rearmWithinMs();
    const signalled = await this.#wakeup.wait(Math.max(1, Math.min(ms, rearmMs)));
    if (signalled || rearmMs >= ms || this.#shared.draining || !ready.isEmpty) return;
    if (hint.rearmWithinMs() <= 0) await poller.rearm(this.#db);
  }

  /** Works on the channel whose turn it is. Returns how many ms to wait when there is none. */
  async tick(): Promise<number> {
    const { fence, poller, ready, hint, pollIntervalMs } = this.#shared;
    if (fence === undefined) return pollIntervalMs;
    if (this.#entered !== fence) await this.#enter(fence);
    await this.#readBack(fence);
    if (poller.dueInMs() <= 0) await this.#look(ready.isEmpty && hint.isArmed()); // only renews: there may be work
    if (this.#shared.draining) return 0;
    const next = ready.next((channel) => this.#passesOver(channel));
    if (next === undefined) {
      // Before it waits, the flag must be armed, and nobody left who read it before.
      if (ready.isEmpty && !hint.isArmed() && !hint.isWatching) await this.#look(true);
      return ready.next((channel) => this.#passesOver(channel)) === undefined ? Math.max(1, poller.dueInMs()) : 0;
    }
    const ended = await this.#take(next.channel, fence);
    this.#recoverMs = 0;
    if (ended === 'more') {
      poller.progressed();
    } else if (ended === 'full') {
      ready.full(next);
      poller.full();
    } else {
      ready.drained(next);
    }
    return 0;
  }

  async #look(idle: boolean): Promise<void> {
    const { handlers, poller, log } = this.#shared;
    await this.#db.statementTimeout(lookTimeoutMs);
    await poller.look(this.#db, [...handlers.keys()], idle);
    this.#recoverMs = 0;
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

  /** Work on one channel. An error that is no event's makes the channel wait, not the others. */
  async #take(channel: PolledChannel, fence: Fence): Promise<TurnEnd> {
    try {
      const ended = await this.#work(channel, fence);
      this.#shared.backoff.delete(channel.id);
      return ended;
    } catch (error) {
      if (isServerAway(error) || isFenced(error)) this.#notFenced(error, fence);
      const pauseMs = Math.min((this.#shared.backoff.get(channel.id)?.pauseMs ?? 500) * 2, 30_000);
      this.#shared.backoff.set(channel.id, { until: performance.now() + pauseMs, pauseMs });
      this.#shared.log.error(
        { channel: channel.name, sqlstate: sqlstateOf(error), code: codeOf(error), pauseMs },
        'channel could not be worked on',
      );
      return 'drained';
    }
  }

  #work(channel: PolledChannel, fence: Fence): Promise<TurnEnd> {
    const turn = new Turn(this.#number, this.#db, this.#shared, channel, fence);
    if (channel.kind === 'sql') return sqlTurn(turn);
    if (channel.kind === 'toplevel') return toplevelTurn(turn);
    const handler = this.#shared.handlers.get(channel.id);
    if (handler === undefined) return Promise.resolve('drained');
    if (handler.mode === 'transactional') return transactionalTurn(turn, handler);
    if (handler.batch !== undefined) return batchTurn(turn, handler, handler.batch);
    return leasedTurn(turn, handler);
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
