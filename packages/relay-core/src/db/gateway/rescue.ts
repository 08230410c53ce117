import type { Queryable } from '../queryable.js';
import { call } from './call.js';
import type { Backend, Fence } from './rows.js';

/** What the dead leave is taken back. */
export const rescueCalls = {
  bury(db: Queryable) {
    return call<{
      slot: number;
      host: string | null;
      host_pid: number | null;
      pid: number | null;
      backend_start: Date | null;
    }>(db, 'select slot, host, host_pid, pid, backend_start::text from pgrelay.bury_v1()');
  },

  /** The backends of a Processor's workers. */
  backends(db: Queryable, fence: Fence): Promise<{ pid: number; backend_start: string }[]> {
    return call(db, 'select pid, backend_start from pgrelay.backends_v1($1, $2)', [fence.slot, fence.epoch]);
  },

  /** Those of these backends that may still be at work on a statement. */
  async workingBackends(db: Queryable, backends: readonly Backend[]): Promise<number[]> {
    const rows = await call<{ pids: number[] }>(db, 'select pgrelay.working_backends_v1($1, $2) as pids', [
      backends.map((backend) => backend.pid),
      backends.map((backend) => backend.start),
    ]);
    return rows[0]?.pids ?? [];
  },

  /** Ids of the events that one worker holds. */
  async heldByWorker(db: Queryable, fence: Fence, worker: number): Promise<string[]> {
    const rows = await call<{ ids: string[] }>(db, 'select pgrelay.held_by_worker_v1($1, $2, $3)::text[] as ids', [
      fence.slot,
      fence.epoch,
      worker,
    ]);
    return rows[0]?.ids ?? [];
  },

  /** False: it has gone already. */
  async endBackend(db: Queryable, pid: number, backendStart: unknown): Promise<boolean> {
    const rows = await call<{ ended: boolean }>(db, 'select pgrelay.end_backend_v1($1, $2) as ended', [
      pid,
      backendStart,
    ]);
    return rows[0]?.ended === true;
  },

  async rescue(db: Queryable): Promise<number> {
    return (await call<{ n: number }>(db, 'select pgrelay.rescue_v1() as n'))[0]?.n ?? 0;
  },
};
