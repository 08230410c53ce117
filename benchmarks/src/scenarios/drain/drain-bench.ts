import type { DrainContender, Engine } from '../../contenders/drain-contender.js';
import { BenchServer } from '../../harness/bench-server.js';
import { connect } from '../../harness/connect.js';
import { serverFacts } from '../../harness/environment.js';
import { interleave } from '../../harness/interleave.js';
import { installPeers, type Peers } from '../../harness/peers.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import type { DrainFigures } from './drain-figures.js';
import { runDrain } from './run-drain.js';

/** A drain that took less is no measurement. */
export const LEAST_SECONDS = 5;

export interface DrainResults {
  readonly rounds: ReadonlyMap<DrainContender, readonly DrainFigures[]>;
  readonly server: unknown;
  readonly versions: Readonly<Record<string, string>>;
}

/** Measures drains: each in a new copy of a prepared database, in turns, and long enough. */
export class DrainBench {
  readonly #server: BenchServer;
  readonly #peers: Peers;
  readonly #context: ScenarioContext;
  readonly #prepared = new Set<Engine>();
  readonly #counts = new Map<DrainContender, number>();

  private constructor(server: BenchServer, peers: Peers, context: ScenarioContext) {
    this.#server = server;
    this.#peers = peers;
    this.#context = context;
  }

  static async run(contenders: readonly DrainContender[], context: ScenarioContext): Promise<DrainResults> {
    const peers = installPeers(context.say);
    const server = await BenchServer.open('bench', context.database, context.say);
    try {
      const bench = new DrainBench(server, peers, context);
      const rounds = await interleave(contenders, context.rounds, (contender, round) => bench.#turn(contender, round));
      return { rounds, server: await bench.#facts(), versions: peers.versions };
    } finally {
      await server.close();
    }
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

  async #drain(contender: DrainContender, events: number): Promise<DrainFigures> {
    const template = await this.#prepare(contender.engine);
    const url = await this.#server.make('drain', template);
    const client = await connect(url, 'benchmark harness');
    const drain = { url, node: this.#peers.node, client };
    try {
      await contender.engine.settle?.(drain);
      return await runDrain(contender, drain, events);
    } finally {
      await client.end();
      await this.#server.drop('drain');
    }
  }

  async #prepare(engine: Engine): Promise<string> {
    const template = engine.name.replace('-', '_');
    if (this.#prepared.has(engine)) return template;
    const url = await this.#server.make(template);
    const client = await connect(url, 'benchmark setup');
    await engine.prepare({ url, node: this.#peers.node, client }).finally(() => client.end());
    this.#prepared.add(engine);
    return template;
  }

  async #facts(): Promise<unknown> {
    const client = await connect(await this.#server.make(), 'benchmark facts');
    return serverFacts(client).finally(() => client.end());
  }
}
