import type { DrainContender } from '../../contenders/drain-contender.js';
import { interleave } from '../../harness/interleave.js';
import type { PreparedDatabases } from '../../harness/prepared-databases.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import { type ContenderFacts, withContenders } from '../../harness/with-contenders.js';
import type { DrainFigures } from './drain-figures.js';
import { runDrain } from './run-drain.js';

/** A drain that took less is no measurement. */
export const LEAST_SECONDS = 5;

export interface DrainResults extends ContenderFacts {
  readonly rounds: ReadonlyMap<DrainContender, readonly DrainFigures[]>;
}

/** Measures drains: each in a new copy of a prepared database, in turns, and long enough. */
export class DrainBench {
  readonly #databases: PreparedDatabases;
  readonly #context: ScenarioContext;
  readonly #counts = new Map<DrainContender, number>();

  private constructor(databases: PreparedDatabases, context: ScenarioContext) {
    this.#databases = databases;
    this.#context = context;
  }

  static async run(contenders: readonly DrainContender[], context: ScenarioContext): Promise<DrainResults> {
    return withContenders(context, async (databases, facts) => {
      const bench = new DrainBench(databases, context);
      const rounds = await interleave(contenders, context.rounds, (contender, round) => bench.#turn(contender, round));
      return { rounds, ...facts };
    });
  }

  /** One drain; done again with more events when it was too short. */
  async #turn(contender: DrainContender, round: number): Promise<DrainFigures> {
    const { quick, say } = this.#context;
    for (;;) {
      const events = this.#counts.get(contender) ?? (quick ? contender.quickCount : contender.count);
      const figures = await this.#drain(contender, events);
      const { seconds, perSecond, sessionMicros, processMicros } = figures;
      const cpu = `CPU ${sessionMicros ?? '–'} + ${processMicros} µs an event`;
      const what = `${contender.name}, ${contender.action}: ${events} events in ${seconds} s, ${Math.round(perSecond)}/s, ${cpu}`;
      say(`round ${round + 1}, ${what}`);
      if (quick || seconds >= LEAST_SECONDS) return figures;
      this.#counts.set(contender, Math.ceil((events * 1.3 * LEAST_SECONDS) / seconds));
      say(`  … less than ${LEAST_SECONDS} s: again with ${this.#counts.get(contender)} events`);
    }
  }

  #drain(contender: DrainContender, events: number): Promise<DrainFigures> {
    return this.#databases.use(contender.engine, (arena) => runDrain(contender, arena, events));
  }
}
