import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../harness/connect.js';
import { cpuMs } from '../../harness/process-facts.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { sqlFile } from '../../harness/sql-files.js';
import { untilRefreshed } from '../../harness/until-refreshed.js';
import { Repeat } from './repeat.js';

/** One way to keep the view fresh, at work. */
export interface Keeping {
  refreshes(): Promise<number>;
  /** CPU time of a process of its own so far, in ms; 0 when it has none. */
  processMs(): number;
  /** Once nobody writes any more: until the view is as fresh as this way makes it. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface Arm {
  readonly name: string;
  /** Whether view and query must be equal in the end, for the run to pass. */
  readonly exact: boolean;
  keep(database: RelayDatabase): Promise<Keeping>;
}

/** What auto-mv's cooldown is by default: the timers are as often due. */
export const TIMER_MS = 2_000;
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** Nothing refreshes the view: what writers do without. */
export const nothing: Arm = {
  name: 'no refresh',
  exact: false,
  keep: async () => ({
    refreshes: async () => 0,
    processMs: () => 0,
    settle: async () => undefined,
    stop: async () => undefined,
  }),
};

/** auto-mv, in a Processor of its own process; all but the cooldown by default. */
export function relay(cooldown: number): Arm {
  return {
    name: `auto-mv, cooldown ${cooldown} s`,
    exact: true,
    async keep({ url, client }) {
      await client.query(sqlFile('freshness/register.sql'), [cooldown]);
      const processor = await ProcessorProcess.start(url);
      const look = async () => {
        const { rows } = await client.query<{ refreshes: number; fresh: boolean }>(
          sqlFile('freshness/relay-refreshes.sql'),
        );
        return rows[0] ?? { refreshes: 0, fresh: false };
      };
      await untilRefreshed(client);
      return {
        refreshes: async () => (await look()).refreshes,
        processMs: () => cpuMs(processor.pid).own,
        async settle() {
          const end = performance.now() + PATIENCE_MS;
          while (!(await look()).fresh) {
            if (performance.now() > end) throw new Error(`the view is not fresh after ${PATIENCE_MS} ms`);
            await pause(LOOK_MS);
          }
        },
        stop: () => processor.stop(),
      };
    },
  };
}

/** The published pattern with its own SQL, its procedure called by a timer as pg_cron would. */
export const dirtyFlag: Arm = {
  name: `published dirty flag, a timer of ${TIMER_MS / 1_000} s`,
  exact: true,
  async keep({ url, client }) {
    for (const file of ['pattern', 'shop']) await client.query(sqlFile(`dirty-flag/${file}.sql`));
    const session = await connect(url, 'benchmark dirty flag');
    let refreshes = 0;
    session.on('notice', ({ message }) => {
      if (message?.startsWith('Successfully refreshed')) refreshes += 1;
    });
    const call = () => session.query('call public.refresh_dirty_materialized_views()');
    return onTimer(session, call, () => refreshes);
  },
};

/** A timer that refreshes the view whether anything changed or not. */
export const plainTimer: Arm = {
  name: `a timer of ${TIMER_MS / 1_000} s`,
  exact: true,
  async keep({ url }) {
    const session = await connect(url, 'benchmark timer');
    let refreshes = 0;
    const refresh = async () => {
      await session.query(sqlFile('freshness/refresh.sql'));
      refreshes += 1;
    };
    return onTimer(session, refresh, () => refreshes);
  },
};

/** Triggers that refresh the view in the transaction that writes. */
export const inTransaction: Arm = {
  name: "in the writer's transaction",
  exact: false, // its snapshot is older than the lock it waits for, so the last refresh may lack what another writer has committed
  async keep({ client }) {
    await client.query(sqlFile('freshness/in-transaction.sql'));
    return {
      async refreshes() {
        const { rows } = await client.query<{ refreshes: number }>(sqlFile('freshness/in-transaction-refreshes.sql'));
        return rows[0]?.refreshes ?? 0;
      },
      processMs: () => 0,
      settle: async () => undefined,
      stop: async () => undefined,
    };
  },
};

function onTimer(
  session: Awaited<ReturnType<typeof connect>>,
  work: () => Promise<unknown>,
  refreshes: () => number,
): Keeping {
  const timer = new Repeat(TIMER_MS, work);
  return {
    refreshes: async () => refreshes(),
    processMs: () => 0,
    settle: () => timer.wholeRun(),
    async stop() {
      await timer.stop().finally(() => session.end());
    },
  };
}
