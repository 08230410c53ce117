import type { Logger } from 'pino';
import { type Fence, gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { WorkerContext } from '../worker-context.js';

/** Events that were claimed ahead go back at once, uncounted; if that fails, giving back the slot does it. */
export async function giveBackUnstarted(control: Queryable, shared: WorkerContext): Promise<void> {
  const { fence } = shared;
  const left = shared.takeUnstarted();
  if (fence === undefined || left.length === 0) return;
  const ids = left.map(({ id }) => id);
  await gateway.release(control, fence, ids).catch(() => undefined);
}

/** Resolves when no handler runs and every end is written, or at once when forced. */
export async function drained({ forced, inFlight, settler }: WorkerContext): Promise<void> {
  while (inFlight.size > 0 && !forced.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (!forced.signal.aborted) await settler.drain();
}

/** A cut socket does not end the statement behind it: the server is told to, before the slot is given back. */
export async function endBackends(control: Queryable, fence: Fence, log: Logger): Promise<void> {
  try {
    for (const { pid, backend_start: start } of await gateway.backends(control, fence)) {
      await gateway.endBackend(control, pid, start);
    }
  } catch {
    log.warn('backends of the workers could not be ended; their statements go on until they notice');
  }
}
