import type { TestDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach } from 'vitest';
import { declareChannel, takeRequests } from './refresh.js';
import { VirtualClock } from './virtual-clock.js';

/**
 * What tests of the planner begin with: its channel, a clock that stands still, and before each of them no view and no request of the
 * one before.
 */
export function usePlanner(db: TestDatabase, onClock: (clock: VirtualClock) => void): void {
  beforeAll(async () => {
    await declareChannel(db);
    onClock(await VirtualClock.install(db));
  });
  beforeEach(async () => {
    await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
    await takeRequests(db);
  });
}
