import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { Backend, Fence } from './rows.js';

/** A Processor comes, says that it lives and what it serves, and goes. */
export const presenceCalls = {
  async attach(
    db: Queryable,
    host: string,
    pid: number,
    version: string,
    leaseMs: number,
    workers: number,
    handlers: readonly string[],
  ): Promise<Fence> {
    const rows = await call<Fence>(db, 'select slot, epoch::text from pgrelay.attach_v1($1, $2, $3, $4, $5, $6)', [
      host,
      pid,
      version,
      leaseMs,
      workers,
      handlers,
    ]);
    return rows[0] as Fence;
  },

  async inRecovery(db: Queryable): Promise<boolean> {
    return (await call<{ yes: boolean }>(db, 'select pg_catalog.pg_is_in_recovery() as yes'))[0]?.yes === true;
  },

  async enterBackend(db: Queryable, fence: Fence, purpose: string): Promise<void> {
    await call(db, 'select pgrelay.enter_backend_v1($1, $2, $3)', [fence.slot, fence.epoch, purpose]);
  },

  /** False: the Processor was declared dead. `blockedMs`: for so long its event loop has not turned. */
  async heartbeat(db: Queryable, fence: Fence, blockedMs: number | null): Promise<boolean> {
    const rows = await call<{ alive: boolean }>(db, 'select pgrelay.heartbeat_v1($1, $2, $3) as alive', [
      fence.slot,
      fence.epoch,
      blockedMs,
    ]);
    return rows[0]?.alive === true;
  },

  /** The server process at the other end of a connection. */
  async backend(db: Queryable): Promise<Backend> {
    const rows = await call<Backend>(
      db,
      'select a.pid, a.backend_start::text as start from pg_catalog.pg_stat_activity a where a.pid = pg_catalog.pg_backend_pid()',
    );
    return rows[0] as Backend;
  },

  async listen(db: Queryable): Promise<void> {
    await call(db, 'listen pgrelay; listen pgrelay_check');
  },

  /** Sends a check of the hint, with words by which the Processor knows its own. */
  async checkHint(db: Queryable, words: string): Promise<void> {
    await call(db, "select pg_catalog.pg_notify('pgrelay_check', $1)", [words]);
  },

  async reportHint(db: Queryable, fence: Fence, heard: boolean): Promise<void> {
    await call(db, 'select pgrelay.report_hint_v1($1, $2, $3)', [fence.slot, fence.epoch, heard]);
  },

  declareHandlers(db: Queryable, names: readonly string[], modes: readonly string[], declare: boolean) {
    return call<{ name: string; id: number; problem: 'unknown' | 'sql' | 'mode' | null }>(
      db,
      'select name, id, problem from pgrelay.declare_handlers_v1($1, $2, $3)',
      [names, modes, declare],
    );
  },

  /** The channels that are registered with one of these kinds. */
  kindChannels(db: Queryable, kinds: readonly string[]) {
    return call<{ id: number; name: string; kind: string }>(
      db,
      'select id, name, kind from pgrelay.kind_channels_v1($1)',
      [kinds],
    );
  },

  async reportKinds(db: Queryable, fence: Fence, kinds: readonly string[]): Promise<void> {
    await call(db, 'select pgrelay.report_kinds_v1($1, $2, $3)', [fence.slot, fence.epoch, kinds]);
  },

  /** Gives the channels of handlers the circuit breakers of their definitions. */
  async declareBreakers(db: Queryable, names: readonly string[], breakers: readonly (object | undefined)[]) {
    await call(db, 'select pgrelay.declare_breakers_v1($1, $2)', [
      names,
      breakers.map((breaker) => (breaker === undefined ? null : JSON.stringify(breaker))),
    ]);
  },

  /** Gives the channels of handlers the limits of their definitions. */
  async declareLimits(db: Queryable, names: readonly string[], limits: readonly (object | undefined)[]) {
    await call(db, 'select pgrelay.declare_limits_v1($1, $2)', [
      names,
      limits.map((one) => (one === undefined ? null : JSON.stringify(one))),
    ]);
  },

  /** Debounces the channels of handlers as their definitions say. */
  async declareDebounces(db: Queryable, names: readonly string[], debounces: readonly (object | undefined)[]) {
    await call(db, 'select pgrelay.declare_debounces_v1($1, $2)', [
      names,
      debounces.map((debounce) => (debounce === undefined ? null : JSON.stringify(debounce))),
    ]);
  },

  async detach(db: Queryable, fence: Fence): Promise<void> {
    await call(db, 'select pgrelay.detach_v1($1, $2)', [fence.slot, fence.epoch]);
  },
};
