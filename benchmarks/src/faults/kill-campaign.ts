import { type Failpoint, failpoint, Hits } from './failpoint.js';
import { between, shuffled } from './random.js';
import type { CampaignResult } from './result.js';
import { END_MS, Scene, type SceneOptions } from './scene.js';
import type { Fault } from './victim/armed.js';

export interface KillOptions extends SceneOptions {
  /** `kill` or, for `sent` points, `cut`. */
  readonly fault: Exclude<Fault, 'stop'>;
  readonly failpoints: readonly string[];
  /** How often each failpoint is hit. */
  readonly hits: number;
  /** How many processes run at once that wait for their fault. */
  readonly victims: number;
}

/** A process that has not come to its failpoint in this time is ended, and another one tries. */
const PATIENCE_MS = 60_000;

/** So many processes in a row may miss a failpoint before it counts as one that cannot be hit. */
const TRIES = 8;

/**
 * Strikes a process at each failpoint, again and again, several at once, while another Processor works beside them. With
 * `kill` each ends there and its events are for others; with `cut` it lives on and has to find out what became of the call.
 */
export async function killCampaign(options: KillOptions): Promise<CampaignResult> {
  const { fault, hits: times, victims } = options;
  const hits = new Hits(options.failpoints, times);
  const scene = await Scene.open(options);
  try {
    await scene.steady(1, 2);
    const open = shuffled(
      options.failpoints.flatMap((name) => Array.from({ length: times }, () => failpoint(name))),
      scene.next,
    );
    const misses = new Map<string, number>();
    const strikeNext = async () => {
      for (let target = open.shift(); target !== undefined; target = open.shift()) {
        if (await strike(scene, target, fault)) {
          hits.count(target.name);
          misses.delete(target.name);
          if (hits.total % 50 === 0) scene.say(`${hits.total} of ${options.failpoints.length * times}`);
        } else {
          const missed = (misses.get(target.name) ?? 0) + 1;
          misses.set(target.name, missed);
          if (missed <= TRIES) open.push(target);
        }
      }
    };
    await Promise.all(Array.from({ length: victims }, strikeNext));
    const result = await scene.finish();
    return { ...result, hits: hits.all, faults: [...hits.missing, ...result.faults] };
  } finally {
    await scene.close();
  }
}

async function strike(scene: Scene, { name, stage, point }: Failpoint, fault: Fault): Promise<boolean> {
  const process = scene.spawn({
    armed: {
      name,
      fault,
      skip: stage.often === true ? between(0, 6, scene.next) : 0,
      delayMs: point === 'sent' ? between(0, 12, scene.next) : 0,
    },
  });
  const struck = await process.struck(PATIENCE_MS);
  if (!struck || fault === 'kill') {
    process.signal('SIGKILL');
    await process.exited;
  } else if (stage.orphans !== true) {
    await process.end(END_MS);
  } // else it lives to the end, to find what it holds without knowing
  return struck;
}
