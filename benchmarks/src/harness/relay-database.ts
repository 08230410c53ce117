import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type pg from 'pg';
import { BenchServer } from './bench-server.js';
import { connect } from './connect.js';
import { pgrelayBinary } from './engine-process.js';
import type { ScenarioContext } from './scenario.js';

export interface RelayDatabase {
  readonly url: string;
  /** A connection for setting up and for looking. */
  readonly client: pg.Client;
}

/** What `npx pgrelay migrate` does. */
export async function migrateRelay(url: string): Promise<void> {
  const env = { ...process.env, DATABASE_URL: url };
  await promisify(execFile)(process.execPath, [pgrelayBinary, 'migrate'], { env });
}

/** Gives `work` a server to make databases on, when it is ours with these settings; what was made is gone afterwards. */
export async function withServer<T>(
  name: string,
  context: Pick<ScenarioContext, 'database' | 'say'>,
  work: (server: BenchServer) => Promise<T>,
  postgresArgs: Readonly<Record<string, string>> = {},
): Promise<T> {
  const server = await BenchServer.open(name, context.database, context.say, postgresArgs);
  return work(server).finally(() => server.close());
}

/** Gives `work` a new database, empty or, with `relay`, as `pgrelay migrate` makes it; it is gone afterwards. */
export async function withDatabase<T>(
  server: BenchServer,
  kind: 'relay' | 'empty',
  suffix: string,
  work: (database: RelayDatabase) => Promise<T>,
): Promise<T> {
  const url = await server.make(suffix);
  if (kind === 'relay') await migrateRelay(url);
  const client = await connect(url, 'benchmark');
  return work({ url, client }).finally(async () => {
    await client.end();
    await server.drop(suffix);
  });
}

/** Gives `work` a new database that `pgrelay migrate` made, on a server of its own. */
export function withRelayDatabase<T>(
  name: string,
  context: ScenarioContext,
  work: (database: RelayDatabase) => Promise<T>,
): Promise<T> {
  return withServer(name, context, (server) => withDatabase(server, 'relay', 'relay', work));
}
