import { definePlugin } from '@pgrelay/relay-core';
import { collectTask } from './collect-task.js';
import { installTask } from './install-task.js';
import type { AutoMvOptions } from './options.js';
import { plannerTask } from './planner-task.js';
import { recheckTask } from './recheck-task.js';
import { refreshHandler } from './refresh-handler.js';
import { repairTask } from './repair-task.js';
import { RunningRefreshes } from './running-refreshes.js';
import { autoMvSql } from './sql-module.js';
import { validateOptions } from './validate-options.js';
import { defaultVerificationOptions } from './verification-options.js';
import { verifyTask } from './verify-task.js';
import { watchdogTask } from './watchdog-task.js';

/**
 * Keeps registered materialized views fresh: `plugins: [autoMv()]`. Views are registered in SQL, pgauto_mv.register_mv(),
 * or with createMvClient().
 */
export const autoMv = definePlugin<Required<AutoMvOptions>>({
  name: 'auto-mv',
  version: '0.1.0',
  sql: autoMvSql,
  validate: validateOptions,
  setup(host, options) {
    const running = new RunningRefreshes();
    host.services.add(running);
    host.handlers.add(refreshHandler(host, options, running));
    host.tasks.add(plannerTask(options.plannerEveryMs));
    host.tasks.add(watchdogTask(running, options.giveWayAfterMs));
    host.tasks.add(collectTask(options.collectEveryMs, options.keepLogDays, options.keepFiringsHours));
    host.tasks.add(recheckTask(options.repairEveryMs));
    host.tasks.add(installTask());
    const verification = { ...defaultVerificationOptions, ...options.verification };
    host.tasks.add(verifyTask(host, verification, options.giveWayAfterMs));
    if (options.repair) host.tasks.add(repairTask(options.repairEveryMs));
  },
});
