import type { Logger } from 'pino';
import { sqlstateOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { Service } from '../lifecycle/service.js';
import { Wakeup } from '../lifecycle/wakeup.js';
import type { PeriodicTask } from './periodic-task.js';

/** Runs one periodic task until stopped. A failing run is reported once, and again when the error changes or ends. */
export class TaskRunner implements Service {
  readonly name: string;
  readonly #task: PeriodicTask;
  readonly #control: Queryable;
  readonly #log: Logger;
  readonly #wakeup = new Wakeup();
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #trouble = '';

  constructor(task: PeriodicTask, control: Queryable, log: Logger) {
    this.name = task.name;
    this.#task = task;
    this.#control = control;
    this.#log = log.child({ task: task.name });
  }

  async start(): Promise<void> {
    this.#running ??= this.#loop();
  }

  /** Runs the task now instead of at its next time. */
  hurry(): void {
    this.#wakeup.signal();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wakeup.signal();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const context = { control: this.#control, log: this.#log, signal: this.#abort.signal };
    while (!this.#abort.signal.aborted) {
      let delay: number | undefined;
      try {
        delay = await this.#task.run(context);
        if (this.#trouble !== '') this.#log.info('task works again');
        this.#trouble = '';
      } catch (error) {
        this.#report(error);
      }
      if (!this.#abort.signal.aborted) await this.#wakeup.wait(delay ?? this.#task.everyMs);
    }
  }

  #report(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    const code = sqlstateOf(error) ?? (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
    if (this.#trouble !== code) this.#log.warn({ code }, 'task failed; it runs again');
    this.#trouble = code;
  }
}
