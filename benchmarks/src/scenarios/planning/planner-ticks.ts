import { autoMv } from '@pgrelay/auto-mv';
import type pg from 'pg';
import { TaskTicks } from '../../harness/task-ticks.js';

export type { Clock } from '../../harness/task-ticks.js';

/** The planner's own task, run by hand. */
export type PlannerTicks = TaskTicks;
export const PlannerTicks = {
  open: (url: string, watch: pg.Client): Promise<TaskTicks> => TaskTicks.open(url, watch, autoMv(), 'auto-mv planner'),
};
