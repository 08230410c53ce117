import type { Logger } from 'pino';
import { nameOf } from '../channels/define-channel.js';
import type { NotifyOptions } from '../client.js';
import { type Fence, gateway } from '../db/gateway.js';
import { wasOwnLoss, watchOwn } from '../db/own-connection.js';
import { type Failure, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { HandlerContext, TransactionalContext } from '../handlers/context.js';
import { Effects } from '../handlers/effects.js';
import { Progress } from '../handlers/progress.js';
import { abortOnStop } from '../lifecycle/abort-on-stop.js';
import type { Deadlines, Overdue } from '../lifecycle/deadlines.js';
import type { Outcome } from '../outcome.js';
import { type SchemaOf, sendNotify, sendNotifyMany } from '../send.js';
import type { Claim } from './in-flight.js';
import { noteRecurrence } from './recurrence.js';

/** How an attempt ended: an Outcome, an error that the retry policy judges, or the loss of our own connection, uncounted. */
export type Attempt =
  /** undo: nothing that the handler wrote in its transaction is kept. */
  | { readonly outcome: Outcome; readonly undo?: true }
  | { readonly failure: Failure; readonly error: unknown }
  | { readonly lost: true; readonly error: unknown };

export interface DispatchEnvironment {
  readonly scope: ProcessorScope;
  readonly log: Logger;
  /** Aborted when the Processor is forced to stop. */
  readonly stopping: AbortSignal;
  readonly timeoutMs: number;
  readonly deadlines: Deadlines;
  /** Where ctx.notify writes: the control connection, or the handler's transaction. */
  readonly db: Queryable;
  /** Where ctx.once writes. */
  readonly control: Queryable;
  readonly fence: Fence;
  /** Schemas of the channels that this Processor has handlers for; ctx.notify checks payloads by them. */
  readonly schemaOf: SchemaOf;
  /** The context with what plugins add to it. Default: without. */
  readonly context?: typeof Context;
  /** The attempt, where its event can be cancelled by itself. */
  readonly claim?: Claim;
}

/** What a run found: the value that the handler returned, or the attempt it ended with instead. */
export type Ran = { readonly value: unknown } | { readonly attempt: Attempt };

/** The attempt that ended with an error. */
export function attemptOf(error: unknown): Attempt {
  return wasOwnLoss(error) ? { lost: true, error } : { failure: toFailure(error), error };
}

/**
 * Gives a handler its time and its context. The context is made when the handler asks for a part of it: most handlers that
 * run thousands of times a second ask for little. Never throws.
 */
export function runHandler(
  env: DispatchEnvironment,
  about: { readonly eventId?: string; readonly channel: string; readonly events?: number },
  call: (ctx: TransactionalContext) => unknown,
): Promise<Ran> {
  return new Promise((resolve) => new Run(env, about, resolve).start(call));
}

export class Run implements Overdue {
  readonly #env: DispatchEnvironment;
  readonly #about: { readonly eventId?: string; readonly channel: string; readonly events?: number };
  readonly #report: (ran: Ran) => void;
  #timeout: AbortController | undefined;
  #forget: (() => void) | undefined;
  #late: Error | undefined;
  #ended = false;

  constructor(env: DispatchEnvironment, about: Run['about'], report: (ran: Ran) => void) {
    this.#env = env;
    this.#about = about;
    this.#report = report;
  }

  get about() {
    return this.#about;
  }

  get env() {
    return this.#env;
  }

  start(call: (ctx: TransactionalContext) => unknown): void {
    this.#env.deadlines.add(this.#env.timeoutMs, this);
    let result: unknown;
    try {
      result = call(new (this.#env.context ?? Context)(this));
    } catch (error) {
      this.#end({ attempt: attemptOf(error) });
      return;
    }
    if (isThenable(result)) {
      result.then(
        (value) => this.#end({ value }),
        (error) => this.#end({ attempt: attemptOf(error) }),
      );
    } else {
      this.#end({ value: result });
    }
  }

  timeUp(): void {
    this.#late = new Error(`the handler took longer than ${this.#env.timeoutMs} ms`);
    this.#timeout?.abort(this.#late);
    this.#end({ attempt: { failure: toFailure(this.#late, 'handler_timeout'), error: this.#late } });
  }

  /** Aborted when the time is up, when the event is cancelled, and when the Processor is made to stop. */
  signal(): AbortSignal {
    if (this.#timeout === undefined) {
      this.#timeout = new AbortController();
      if (this.#late !== undefined) this.#timeout.abort(this.#late);
      const { claim } = this.#env;
      if (claim !== undefined) claim.abort = (reason) => this.#timeout?.abort(reason);
      if (claim?.cancelled === true) this.#timeout.abort(new Error('the event was cancelled'));
      this.#forget = abortOnStop(this.#env.stopping, this.#timeout);
      if (this.#ended) this.#forget();
    }
    return this.#timeout.signal;
  }

  #end(ran: Ran): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forget?.();
    this.#env.deadlines.remove(this.#env.timeoutMs, this);
    this.#report(ran);
  }
}

/** What a handler gets. Every part is made when it is first read, and may be taken out of the object. */
export class Context implements TransactionalContext {
  readonly #run: Run;
  #log: Logger | undefined;
  #effects: Effects | undefined;
  #progress: Progress | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  get signal(): AbortSignal {
    return this.#run.signal();
  }

  get log(): Logger {
    this.#log ??= this.#run.env.log.child({ ...this.#run.about });
    return this.#log;
  }

  get tx(): Queryable {
    const { db, control } = this.#run.env;
    if (db === control) throw new Error("ctx.tx exists only in a handler defined with mode: 'transactional'");
    return db;
  }

  get notify(): HandlerContext['notify'] {
    const { env, about } = this.#run;
    return async (channel, data?: unknown, options: NotifyOptions = {}) => {
      const sent = sendNotify(env.db, channel, data, options, env.schemaOf, about.eventId);
      const id = await (options.tx === undefined ? watchOwn(sent) : sent);
      await noteRecurrence(env.control, about.channel, nameOf(channel), [options]);
      return id;
    };
  }

  get notifyMany(): HandlerContext['notifyMany'] {
    const { env, about } = this.#run;
    return async (channel, events, options = {}) => {
      const sent = sendNotifyMany(env.db, channel, events, options, env.schemaOf, about.eventId);
      const ids = await (options.tx === undefined ? watchOwn(sent) : sent);
      await noteRecurrence(env.control, about.channel, nameOf(channel), events);
      return ids;
    };
  }

  get once(): HandlerContext['once'] {
    const { control, fence } = this.#run.env;
    this.#effects ??= new Effects(control, fence, this.#run.about.eventId ?? '', this.signal);
    const effects = this.#effects;
    return (name, make) => effects.once(name, make);
  }

  get traceparent(): HandlerContext['traceparent'] {
    const { env, about } = this.#run;
    return () => watchOwn(gateway.traceparent(env.control, about.eventId ?? ''));
  }

  get progress(): HandlerContext['progress'] {
    const { control, fence, claim } = this.#run.env;
    if (claim === undefined) throw new Error('ctx.progress exists only in a handler of one event');
    this.#progress ??= new Progress(control, fence, claim);
    const progress = this.#progress;
    return (value, note) => progress.say(value, note);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
