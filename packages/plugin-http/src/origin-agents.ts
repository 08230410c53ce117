import type { Service } from '@pgrelay/relay-core';
import { Agent, type Dispatcher } from 'undici';
import type { CheckedEndpoint } from './options.js';

/** One undici Agent per origin, with connections that are kept open; a slow origin takes none from the others. */
export class OriginAgents implements Service {
  readonly name = 'http agents';
  readonly #agents: ReadonlyMap<string, Agent>;

  constructor(endpoints: readonly CheckedEndpoint[]) {
    const connections = new Map<string, number>();
    for (const { url, concurrency } of endpoints) {
      connections.set(url.origin, (connections.get(url.origin) ?? 0) + concurrency);
    }
    this.#agents = new Map(
      [...connections].map(([origin, count]) => [
        origin,
        new Agent({
          connections: count,
          pipelining: 1,
          connect: { timeout: 10_000 },
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
      ]),
    );
  }

  for(url: URL): Dispatcher {
    const agent = this.#agents.get(url.origin);
    if (agent === undefined) throw new Error('there is an agent for the origin of every endpoint');
    return agent;
  }

  async start(): Promise<void> {}

  /** Called when no handler runs any more, or when the Processor is forced to stop. */
  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }
}
