import type { BenchServer } from './bench-server.js';
import { connect } from './connect.js';
import type { Arena, Engine } from './engine.js';

/** Databases in which a contender has made its tables, as often as they are wanted. */
export class PreparedDatabases {
  readonly #server: BenchServer;
  readonly #node: string;
  readonly #prepared = new Set<string>();

  constructor(server: BenchServer, node: string) {
    this.#server = server;
    this.#node = node;
  }

  /** Does the work in a new copy, which is dropped afterwards. The first one of an engine is made now. */
  async use<R>(engine: Engine, work: (arena: Arena) => Promise<R>): Promise<R> {
    const template = engine.name.replace('-', '_');
    if (!this.#prepared.has(template)) {
      await this.#session(await this.#server.make(template), (arena) => engine.prepare(arena));
      this.#prepared.add(template);
    }
    try {
      return await this.#session(await this.#server.make('run', template), async (arena) => {
        await engine.settle?.(arena);
        return work(arena);
      });
    } finally {
      await this.#server.drop('run');
    }
  }

  async #session<R>(url: string, work: (arena: Arena) => Promise<R>): Promise<R> {
    const client = await connect(url, 'benchmark harness');
    return work({ url, node: this.#node, client }).finally(() => client.end());
  }
}
