import { autoMv } from '@pgrelay/auto-mv';
import type { PeriodicTask, PluginHost } from '@pgrelay/relay-core';
import type pg from 'pg';
import { pino } from 'pino';
import { connect } from '../../harness/connect.js';
import { sqlFile } from '../../harness/sql-files.js';

const log = pino({ level: 'silent' });

/** How the server time of a tick is known: from pg_stat_statements, or, where it is not loaded, with the way there and back. */
export type Clock = 'pg_stat_statements' | 'client';

/** The planner's own task, run by hand on a session of its own, with what each run costs the server. */
export class PlannerTicks {
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
  static async open(url: string, watch: pg.Client): Promise<PlannerTicks> {
    const { rows } = await watch.query<{ counted: boolean }>(sqlFile('planning/statements.sql'));
    const clock = rows[0]?.counted === true ? 'pg_stat_statements' : 'client';
    if (clock === 'pg_stat_statements') await watch.query(sqlFile('planning/extension.sql'));
    const session = await connect(url, 'benchmark planner');
    if (clock === 'pg_stat_statements') await session.query(sqlFile('planning/role.sql'));
    return new PlannerTicks(session, watch, await plannerTask(), clock);
  }

  /** Plans once; the server time of all its statements, in ms. */
  async tick(): Promise<number> {
    const before = await this.#spent();
    await this.#task.run({ control: this.#session, log, signal: new AbortController().signal });
    return (await this.#spent()) - before;
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
async function plannerTask(): Promise<PeriodicTask> {
  const tasks: PeriodicTask[] = [];
  const host: PluginHost = {
    provide: () => undefined,
    handlers: { add: () => undefined, addKind: () => undefined },
    context: { add: () => undefined },
    hooks: { beforeSettle: () => undefined },
    control: { query: () => Promise.reject(new Error('the task gets its own')) },
    tasks: { add: (task) => void tasks.push(task) },
    services: { add: () => undefined },
    log,
    connect: () => Promise.reject(new Error('nothing is refreshed here')),
  };
  await autoMv().setup(host);
  const planner = tasks.find(({ name }) => name === 'auto-mv planner');
  if (planner === undefined) throw new Error('the plugin has no planner');
  return planner;
}
