import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../harness/connect.js';
import { sqlFile } from '../harness/sql-files.js';
import type { FaultProcess } from './fault-process.js';
import type { Ending, OwnServer } from './own-server.js';
import { between } from './random.js';
import type { CampaignResult } from './result.js';
import { Scene, type SceneOptions } from './scene.js';
import { waitUntil } from './wait-until.js';

export interface RestartOptions extends Omit<SceneOptions, 'url'> {
  /** A migrated server of the campaign's own. */
  readonly server: OwnServer;
  /** In which ways, in which order. */
  readonly endings: readonly Ending[];
  readonly processors: number;
}

const PATIENCE_MS = 90_000;

/** Restarts PostgreSQL under load; the Processors are not restarted, and each must work again after each time. */
export async function restartCampaign(options: RestartOptions): Promise<CampaignResult> {
  const { server, endings } = options;
  const scene = await Scene.open({ ...options, url: server.url });
  const hits = new Map<string, number>();
  try {
    const processors = await scene.steady(options.processors, 2);
    const faults: string[] = [];
    if (!(await work(scene, processors))) faults.push('the Processors do not work');
    for (const [index, how] of endings.entries()) {
      await pause(between(50, 500, scene.next)); // at any moment
      await server.restart(how);
      hits.set(`restart ${how}`, (hits.get(`restart ${how}`) ?? 0) + 1);
      scene.say(`${index + 1} of ${endings.length}`);
      if (await work(scene, processors)) continue;
      faults.push(`a Processor does not work after a restart (${how})`);
      break;
    }
    faults.push(...processors.filter(({ alive }) => !alive).map(() => 'a Processor did not survive'));
    const result = await scene.finish();
    return { ...result, hits, faults: [...faults, ...result.faults] };
  } finally {
    await scene.close();
  }
}

/** Waits until each of the Processors has ended some more events. */
async function work(scene: Scene, processors: readonly FaultProcess[]): Promise<boolean> {
  const since = await ask(scene, async (db) => (await db.query(sqlFile('faults/now.sql'))).rows[0].now as string);
  return waitUntil(
    () =>
      ask(scene, async (db) => {
        const { rows } = await db.query<{ pid: number; done: number }>(sqlFile('faults/progress.sql'), [since]);
        return processors.every(({ pid }) => rows.some((row) => row.pid === pid && row.done > 10));
      }),
    PATIENCE_MS,
    100,
  );
}

async function ask<T>(scene: Scene, question: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = await connect(scene.url, 'faults look');
  try {
    return await question(db);
  } finally {
    await db.end();
  }
}
