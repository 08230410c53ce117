import type { PeriodicTask } from '@pgrelay/relay-core';
import { refreshGateway } from './refresh-gateway.js';
import type { RunningRefreshes } from './running-refreshes.js';

/** How often to look, in ms: well within deadlock_timeout, whose default is a second. */
const LOOK_EVERY_MS = 150;

/**
 * Cancels refreshes that others have to wait for; they are tried again. One statement for all of them, and none while no
 * refresh runs.
 */
export function watchdogTask(running: RunningRefreshes, giveWayAfterMs: number): PeriodicTask {
  return {
    name: 'auto-mv watchdog',
    everyMs: LOOK_EVERY_MS,
    async run({ control, log }) {
      if (running.pids.length === 0) return LOOK_EVERY_MS;
      for (const { pid, reason } of await refreshGateway.blocked(control, running.pids, giveWayAfterMs)) {
        if (!running.tell(pid, reason)) continue; // first told, then cancelled: so the refresh knows why it failed
        await refreshGateway.cancel(control, pid);
        log.info({ pid, reason }, 'a refresh gives way');
      }
      return LOOK_EVERY_MS;
    },
  };
}
