import pg from 'pg';
import { sqlFile } from '../harness/sql-files.js';
import { failpoint, Hits } from './failpoint.js';
import { between, shuffled } from './random.js';
import type { CampaignResult } from './result.js';
import { END_MS, Scene, type SceneOptions } from './scene.js';
import { waitUntil } from './wait-until.js';

export interface StopOptions extends SceneOptions {
  readonly failpoints: readonly string[];
  readonly hits: number;
  readonly victims: number;
}

const PATIENCE_MS = 60_000;

/** So many processes in a row may miss a failpoint before it counts as one that cannot be hit. */
const TRIES = 8;

const NOT_REACHED = 'not reached';

/** Its events come back soon, but for one that it holds the lock of, when nobody can end its backends. */
const RESCUE_MS = 10_000;

/**
 * Stops a process (SIGSTOP) at each failpoint, until another Processor has declared it dead and has taken its events, and lets
 * it go on (SIGCONT) where it was: nothing it still writes for its old slot may count.
 */
export async function stopCampaign(options: StopOptions): Promise<CampaignResult> {
  const hits = new Hits(options.failpoints, options.hits);
  const scene = await Scene.open(options);
  const db = new pg.Pool({ connectionString: scene.url, max: 1 });
  db.on('error', () => undefined);
  const faults: string[] = [];
  try {
    await scene.steady(1, 2);
    const open = shuffled(
      options.failpoints.flatMap((name) => Array.from({ length: options.hits }, () => name)),
      scene.next,
    );
    const misses = new Map<string, number>();
    const stopNext = async () => {
      for (let name = open.shift(); name !== undefined; name = open.shift()) {
        const trouble = await freeze(scene, db, name);
        const missed = trouble === NOT_REACHED ? (misses.get(name) ?? 0) + 1 : 0;
        misses.set(name, missed);
        if (trouble === undefined) hits.count(name);
        else if (missed > 0 && missed <= TRIES) open.push(name);
        else faults.push(`${name}: ${trouble}`);
      }
    };
    await Promise.all(Array.from({ length: options.victims }, stopNext));
    const result = await scene.finish();
    if (result.refused.size === 0) faults.push('no write of a stale Processor was refused, so none was tried');
    return { ...result, hits: hits.all, faults: [...faults, ...hits.missing, ...result.faults] };
  } finally {
    await db.end();
    await scene.close();
  }
}

/** Undefined, or what went another way than it should. */
async function freeze(scene: Scene, db: pg.Pool, name: string): Promise<string | undefined> {
  const { stage, point } = failpoint(name);
  const skip = stage.often === true ? between(0, 6, scene.next) : 0;
  const process = scene.spawn({ armed: { name, fault: 'stop', skip, delayMs: point === 'sent' ? 5 : 0 } });
  const ask = async (what: 'buried' | 'rescued' | 'attached') =>
    (await db.query(sqlFile(`faults/${what}.sql`), [process.pid])).rows[0][what] === true;
  if (!(await process.struck(PATIENCE_MS))) return NOT_REACHED;
  if (!(await waitUntil(() => ask('buried'), PATIENCE_MS))) return 'nobody declared it dead';
  await waitUntil(() => ask('rescued'), RESCUE_MS);
  process.signal('SIGCONT');
  if (stage.whileStopping !== true && !(await waitUntil(() => ask('attached'), PATIENCE_MS)))
    return 'did not come back';
  const end = await process.end(END_MS);
  return end === 0 ? undefined : `ended with ${end}: ${process.complaints}`;
}
