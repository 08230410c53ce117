import { fileURLToPath } from 'node:url';
import type { EnqueueLoad } from '../../contenders/enqueue-load.js';
import { graphileEngine } from '../../contenders/graphile-worker.js';
import { pgrelayEngine } from '../../contenders/pgrelay-engine.js';
import type { Arena, Engine } from '../../harness/engine.js';
import { peerProgram } from '../../harness/peers.js';
import { ServedProcess } from '../../harness/served-process.js';
import { sqlFile } from '../../harness/sql-files.js';

/** Producers that run the same transaction again and again. */
export interface EnqueueContender {
  readonly name: string;
  readonly engine: Engine;
  /** The SQL file with the trigger, where one enqueues. */
  readonly trigger?: string;
  /** How many events, and rows of bench.orders, one transaction leaves. */
  readonly events: number;
  readonly orders: number;
  /** Starts the producers, in one process that has the method `run`: so many seconds, giving an EnqueueRun. */
  start(arena: Arena): Promise<ServedProcess>;
}

/** How many events one call of a bulk function enqueues. */
export const BULK = 1_000;

const program = (file: string): string => fileURLToPath(new URL(`../../contenders/programs/${file}`, import.meta.url));

/** Sessions that run the statements of these files below benchmarks/sql/enqueue. */
function clients(count: number, files: readonly string[], value: string): EnqueueContender['start'] {
  const transaction = files.map((name) => sqlFile(`enqueue/${name}.sql`));
  return ({ url, node }) => {
    const load: EnqueueLoad = { url, clients: count, transaction, value };
    return ServedProcess.start(node, program('enqueue-clients.js'), load);
  };
}

/** One event a transaction, by a call. */
export function single(what: 'notify' | 'add-job' | 'raw', count: number): EnqueueContender {
  const name = { notify: 'pgrelay.notify', 'add-job': 'graphile_worker.add_job', raw: 'bare insert' }[what];
  return {
    name: `${name}, ${count} client${count > 1 ? 's' : ''}`,
    engine: what === 'add-job' ? graphileEngine : pgrelayEngine,
    events: 1,
    orders: 0,
    start: clients(count, [what], '1'),
  };
}

/** Many events a transaction, by one call of SQL. */
export function bulk(what: 'notify-many' | 'add-jobs' | 'raw-many'): EnqueueContender {
  const name = {
    'notify-many': 'pgrelay.notify_many',
    'add-jobs': 'graphile_worker.add_jobs',
    'raw-many': 'bare insert of many',
  }[what];
  const value = `{${Array.from({ length: BULK }, (_, n) => n).join(',')}}`;
  return {
    name: `${name}, ${BULK} a call, SQL`,
    engine: what === 'add-jobs' ? graphileEngine : pgrelayEngine,
    events: BULK,
    orders: 0,
    start: clients(1, [what], value),
  };
}

/** Many events a transaction, by one call of what the package gives to programs. */
export function bulkCall(what: 'notifyMany' | 'addJobs'): EnqueueContender {
  const ours = what === 'notifyMany';
  return {
    name: `${ours ? 'pgrelay notifyMany()' : 'graphile-worker addJobs()'}, ${BULK} a call, TypeScript`,
    engine: ours ? pgrelayEngine : graphileEngine,
    events: BULK,
    orders: 0,
    start: ({ url, node }) =>
      ServedProcess.start(node, ours ? program('notify-many.js') : peerProgram('add-jobs.mjs'), { url, bulk: BULK }),
  };
}

/** Inserts into a table, with an AFTER trigger that enqueues an event for each row, or with another one, or none. */
export function inTrigger(what: 'none' | 'notify' | 'bare' | 'add-job', inserts: 1 | 4): EnqueueContender {
  const trigger = {
    none: 'no trigger',
    notify: 'trigger with pgrelay.notify',
    bare: 'trigger with a bare keyed insert',
    'add-job': 'trigger with graphile_worker.add_job',
  }[what];
  const body = Array.from({ length: inserts }, () => 'order');
  return {
    name: `${inserts} insert${inserts > 1 ? 's' : ''} a transaction, ${trigger}`,
    engine: what === 'add-job' ? graphileEngine : pgrelayEngine,
    trigger: `trigger-${what}`,
    events: what === 'none' ? 0 : inserts,
    orders: inserts,
    start: clients(8, inserts === 1 ? body : ['begin', ...body, 'commit'], '1'),
  };
}
