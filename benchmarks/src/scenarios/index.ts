import type { Scenario } from '../harness/scenario.js';
import { backlog } from './backlog.js';
import { capture } from './capture.js';
import { changeLog } from './change-log.js';
import { contention } from './contention.js';
import { crash } from './crash.js';
import { cronFire } from './cron-fire.js';
import { cronTick } from './cron-tick.js';
import { drainLeased } from './drain-leased.js';
import { drainSql } from './drain-sql.js';
import { enqueue } from './enqueue.js';
import { freshness } from './freshness.js';
import { heldSnapshot } from './held-snapshot.js';
import { http } from './http.js';
import { httpHanging } from './http-hanging.js';
import { idle } from './idle.js';
import { latency } from './latency.js';
import { limits } from './limits.js';
import { planning } from './planning.js';
import { politeness } from './politeness.js';
import { targetLag } from './target-lag.js';
import { writerWait } from './writer-wait.js';

/** All scenarios, one a file. */
export const scenarios: readonly Scenario[] = [
  drainSql,
  drainLeased,
  enqueue,
  heldSnapshot,
  limits,
  backlog,
  latency,
  idle,
  crash,
  contention,
  writerWait,
  politeness,
  capture,
  planning,
  changeLog,
  freshness,
  targetLag,
  http,
  httpHanging,
  cronTick,
  cronFire,
];
