import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@pgrelay/embedded';
import { connect } from './connect.js';
import { sqlFile } from './sql-files.js';
import { UsageError } from './usage-error.js';

const NAME = 'pgrelay_benchmark';

export interface FreshDatabase {
  readonly url: string;
  /** Stops the server when it is ours. */
  close(): Promise<void>;
}

/**
 * An empty database: on a new embedded server in the folder .pgrelay/<name> of the checkout, or on the server at `url`,
 * where it is the only one that is touched.
 */
export async function openFreshDatabase(
  name: string,
  url: string | undefined,
  say: (text: string) => void,
): Promise<FreshDatabase> {
  if (url !== undefined) return { url: await makeDatabase(url), close: async () => undefined };
  const directory = fileURLToPath(new URL(`../../../.pgrelay/${name}`, import.meta.url));
  const server = await startEmbedded({ directory, ephemeral: true, onMessage: say });
  try {
    return { url: await makeDatabase(server.url), close: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Makes the database anew, unless somebody else made or uses one of its name. */
async function makeDatabase(serverUrl: string): Promise<string> {
  const client = await connect(serverUrl, 'benchmark setup');
  try {
    const { rows } = await client.query<{ ours: boolean; sessions: number }>(sqlFile('database/look.sql'));
    const [found] = rows;
    if (found && !found.ours) throw new UsageError(`The server has a database ${NAME} that no benchmark made.`);
    if (found && found.sessions > 0) throw new UsageError(`The database ${NAME} on this server is in use.`);
    for (const step of ['drop', 'create', 'mark']) await client.query(sqlFile(`database/${step}.sql`));
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${NAME}`;
  return url.href;
}
