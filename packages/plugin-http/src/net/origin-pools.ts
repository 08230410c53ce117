import type { PeriodicTask, Service } from '@pgrelay/relay-core';
import { type buildConnector, type Dispatcher, Pool } from 'undici';
import { FairGate } from './fair-gate.js';

/** The way to one origin: connections that are kept open, and a gate before them. */
export interface Way {
  readonly dispatcher: Dispatcher;
  readonly gate: FairGate;
}

/** An origin that nothing went to for so long gives its connections up, in ms. */
const idleMs = 60_000;

/** One pool of connections per origin, made when it is first needed; a slow origin takes none from the others. */
export class OriginPools implements Service {
  readonly name = 'http connections';
  readonly #connect: buildConnector.connector;
  readonly #limit: number;
  readonly #ways = new Map<string, Way & { readonly dispatcher: Pool; usedAt: number }>();

  /** `limit`: requests to one origin at once; over HTTP/1.1 each has a connection. */
  constructor(connect: buildConnector.connector, limit: number) {
    this.#connect = connect;
    this.#limit = limit;
  }

  to(origin: string): Way {
    let way = this.#ways.get(origin);
    if (way === undefined) {
      const dispatcher = new Pool(origin, { connections: this.#limit, connect: this.#connect });
      way = { dispatcher, gate: new FairGate(this.#limit), usedAt: 0 };
      this.#ways.set(origin, way);
    }
    way.usedAt = performance.now();
    return way;
  }

  /** Ends the connections to origins that nothing goes to any more. */
  readonly tidying: PeriodicTask = {
    name: 'http connections',
    everyMs: idleMs,
    run: async () => {
      for (const [origin, { dispatcher, gate, usedAt }] of this.#ways) {
        if (!gate.isIdle || performance.now() - usedAt < idleMs) continue;
        this.#ways.delete(origin);
        await dispatcher.close();
      }
      return undefined;
    },
  };

  async start(): Promise<void> {}

  /** Called when no handler runs any more, or when the Processor is forced to stop. */
  async stop(): Promise<void> {
    await Promise.all([...this.#ways.values()].map(({ dispatcher }) => dispatcher.destroy()));
    this.#ways.clear();
  }
}
