import { graphileEngine } from '../../contenders/graphile-worker.js';
import { pgrelayEngine } from '../../contenders/pgrelay-engine.js';
import type { Engine } from '../../harness/engine.js';
import type { Reference } from '../../harness/references.js';

/** A transaction that clients run again and again. */
export interface EnqueueContender {
  readonly name: string;
  readonly engine: Engine;
  readonly clients: number;
  /** SQL files below benchmarks/sql/enqueue; `begin` and `commit` around several. */
  readonly statements: readonly string[];
  /** The file with the trigger, where one enqueues. */
  readonly trigger?: string;
  /** $1 of its statements. */
  readonly value: string;
  /** How many events, and rows of bench.orders, one transaction leaves. */
  readonly events: number;
  readonly orders: number;
  readonly reference?: Reference;
}

/** How many events one call of a bulk function enqueues. */
export const BULK = 1_000;

const one = { value: '1', events: 1, orders: 0 } as const;
const many = {
  clients: 1,
  value: `{${Array.from({ length: BULK }, (_, n) => n).join(',')}}`,
  events: BULK,
  orders: 0,
} as const;

/** One event a transaction, by a call. */
export function single(what: 'notify' | 'add-job' | 'raw', clients: number): EnqueueContender {
  const name = { notify: 'pgrelay.notify', 'add-job': 'graphile_worker.add_job', raw: 'bare insert' }[what];
  const engine = what === 'add-job' ? graphileEngine : pgrelayEngine;
  return { name: `${name}, ${clients} client${clients > 1 ? 's' : ''}`, engine, clients, statements: [what], ...one };
}

/** Many events a transaction, by one call. */
export function bulk(what: 'notify-many' | 'add-jobs' | 'raw-many', reference?: Reference): EnqueueContender {
  const name = {
    'notify-many': 'pgrelay.notify_many',
    'add-jobs': 'graphile_worker.add_jobs',
    'raw-many': 'bare insert of many',
  }[what];
  const engine = what === 'add-jobs' ? graphileEngine : pgrelayEngine;
  return { name: `${name}, ${BULK} a call`, engine, statements: [what], ...many, ...(reference ? { reference } : {}) };
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
    clients: 8,
    statements: inserts === 1 ? body : ['begin', ...body, 'commit'],
    trigger: `trigger-${what}`,
    value: '1',
    events: what === 'none' ? 0 : inserts,
    orders: inserts,
  };
}
