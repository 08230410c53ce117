import { BenchServer } from './bench-server.js';
import { connect } from './connect.js';
import { serverFacts } from './environment.js';
import { installPeers } from './peers.js';
import { PreparedDatabases } from './prepared-databases.js';
import type { ScenarioContext } from './scenario.js';

/** What a report says of the server and of what the contenders ran on. */
export interface ContenderFacts {
  readonly server: unknown;
  readonly versions: Readonly<Record<string, string>>;
}

/** Installs the peers, opens a server for the time of the work, and closes it again. */
export async function withContenders<R>(
  { database, say }: ScenarioContext,
  work: (databases: PreparedDatabases, facts: ContenderFacts) => Promise<R>,
): Promise<R> {
  const { node, versions } = installPeers(say);
  const server = await BenchServer.open('bench', database, say);
  try {
    const client = await connect(await server.make(), 'benchmark facts');
    const facts = await serverFacts(client).finally(() => client.end());
    return await work(new PreparedDatabases(server, node), { server: facts, versions });
  } finally {
    await server.close();
  }
}
