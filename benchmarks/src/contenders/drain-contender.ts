import type { ContenderProcess } from '../harness/contender-process.js';
import type { Arena, Engine } from '../harness/engine.js';
import type { Reference } from '../harness/references.js';
import type { Action } from './action.js';

/** What a contender does in a drain: everything waits, the clock starts, everything is done. */
export interface DrainContender {
  readonly name: string;
  /** For the report. */
  readonly settings: string;
  readonly action: Action;
  /** A figure of before that this one is compared with. */
  readonly reference?: Reference;
  /** How many events make a drain of somewhat more than 5 s on a 2-core machine, and of a moment. */
  readonly count: number;
  readonly quickCount: number;
  /** Which prepared database it begins with, and the folder of its SQL files below benchmarks/sql/drain. */
  readonly engine: Engine;
  /** Puts `count` events into the database, none of which runs yet. */
  load(arena: Arena, count: number): Promise<void>;
  /** Starts its processes, which are ready when this returns. */
  start(arena: Arena): Promise<readonly ContenderProcess[]>;
  /** Lets the events run. Returns soon. */
  go(arena: Arena, processes: readonly ContenderProcess[], count: number): Promise<void>;
  /** How many events its processes say they handled; undefined when they do not count. */
  handled(processes: readonly ContenderProcess[]): Promise<number | undefined>;
}
