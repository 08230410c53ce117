import type { PeriodicTask, Plugin, PluginHost } from '@pgrelay/relay-core';
import type pg from 'pg';
import { pino } from 'pino';
import { connect } from './connect.js';
import { sqlFile } from './sql-files.js';

const log = pino({ level: 'silent' });

/** How the server time of a tick is known: from pg_stat_statements, or, where it is not loaded, with the way there and back. */
export type Clock = 'pg_stat_statements' | 'client';

/** One run of a task. */
export interface Tick {
  /** Server time of all its statements, in ms. */
  readonly serverMs: number;
  /** In how many ms the task wants to run again. */
  readonly delayMs: number;
}

/** A periodic task of a plugin, run by hand on a session of its own, with what each run costs the server. */
export class TaskTicks {
  readonly clock: Clock;
  readonly #session: pg.Client;
  readonly #watch: pg.Client;
  readonly #task: PeriodicTask;

  private constructor(session: pg.Client, watch: pg.Client, task: PeriodicTask, clock: Clock) {
    this.#session = session;
    this.#watch = watch;
    this.#task = task;
    this.clock = clock;
  }

  /** `watch` is the session that asks the server what a tick has cost. */
  static async open(url: string, watch: pg.Client, plugin: Plugin, name: string): Promise<TaskTicks> {
    const { rows } = await watch.query<{ counted: boolean }>(sqlFile('planning/statements.sql'));
    const clock = rows[0]?.counted === true ? 'pg_stat_statements' : 'client';
    if (clock === 'pg_stat_statements') await watch.query(sqlFile('planning/extension.sql'));
    const session = await connect(url, `benchmark ${name}`);
    if (clock === 'pg_stat_statements') await session.query(sqlFile('planning/role.sql'));
    return new TaskTicks(session, watch, await taskOf(plugin, name), clock);
  }

  /** Runs once; the server time of all its statements, in ms. */
  async tick(): Promise<number> {
    return (await this.run()).serverMs;
  }

  /** Runs once. */
  async run(): Promise<Tick> {
    const before = await this.#spent();
    const delay = await this.#task.run({ control: this.#session, log, signal: new AbortController().signal });
    return { serverMs: (await this.#spent()) - before, delayMs: delay ?? this.#task.everyMs };
  }

  async close(): Promise<void> {
    await this.#session.end();
  }

  async #spent(): Promise<number> {
    if (this.clock === 'client') return performance.now();
    const { rows } = await this.#watch.query<{ ms: number }>(sqlFile('planning/server-time.sql'));
    return rows[0]?.ms ?? 0;
  }
}

/** The task as the plugin adds it to a Processor; everything else that it adds is left out. */
async function taskOf(plugin: Plugin, name: string): Promise<PeriodicTask> {
  const tasks: PeriodicTask[] = [];
  const host: PluginHost = {
    provide: () => undefined,
    handlers: { add: () => undefined, addKind: () => undefined },
    context: { add: () => undefined },
    control: { query: () => Promise.reject(new Error('the task gets its own')) },
    tasks: { add: (task) => void tasks.push(task) },
    services: { add: () => undefined },
    routes: { add: () => undefined, served: false },
    readiness: { add: () => undefined },
    hooks: { on: () => undefined, tell: () => undefined, beforeSettle: () => undefined },
    checkPayload: () => Promise.resolve(),
    log,
    connect: () => Promise.reject(new Error('nothing but the task runs here')),
  };
  await plugin.setup(host);
  const task = tasks.find((each) => each.name === name);
  if (task === undefined) throw new Error(`the plugin has no task ${name}`);
  return task;
}
