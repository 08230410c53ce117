import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../harness/connect.js';
import { sqlFile } from '../harness/sql-files.js';
import { between } from './random.js';
import type { CampaignResult } from './result.js';
import { Scene, type SceneOptions } from './scene.js';

export interface TerminateOptions extends SceneOptions {
  /** How many backends are ended. */
  readonly hits: number;
  readonly processors: number;
}

/** Every purpose of a connection must have been struck, or the run says nothing about it. */
const purposes = ['worker', 'control', 'heartbeat'];

/** A purpose that is never found in so many more looks cannot be struck. */
const looksPerHit = 20;

/** Ends backends of the Processors at random (`pg_terminate_backend`), whatever they do at that moment. */
export async function terminateCampaign(options: TerminateOptions): Promise<CampaignResult> {
  const scene = await Scene.open(options);
  const hits = new Map<string, number>(purposes.map((purpose) => [`terminate ${purpose}`, 0]));
  try {
    const processors = await scene.steady(options.processors, 2);
    const killer = await connect(scene.url, 'faults terminator');
    try {
      let ended = 0;
      for (let looks = 0; looks < options.hits * looksPerHit; looks += 1) {
        if (ended >= options.hits && [...hits.values()].every((n) => n > 0)) break;
        const { rows } = await killer.query<{ name: string; ended: boolean }>(sqlFile('faults/terminate.sql'), [
          scene.next(),
        ]);
        const name = `terminate ${rows[0]?.name.split(' ')[1]}`;
        if (rows[0]?.ended === true && hits.has(name)) {
          hits.set(name, (hits.get(name) ?? 0) + 1);
          ended += 1;
          if (ended % 50 === 0) scene.say(`${ended} of ${options.hits}`);
        }
        await pause(between(0, 60, scene.next));
      }
    } finally {
      await killer.end();
    }
    const faults = [
      ...[...hits].filter(([, n]) => n === 0).map(([name]) => `${name}: never`),
      ...processors.filter(({ alive }) => !alive).map(() => 'a Processor did not survive'),
    ];
    const result = await scene.finish();
    return { ...result, hits, faults: [...faults, ...result.faults] };
  } finally {
    await scene.close();
  }
}
