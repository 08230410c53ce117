import { connect } from './connect.js';
import { DemoError } from './demo-error.js';
import { sqlFile } from './sql-files.js';

const NAME = 'pgrelay_demo';

/**
 * Makes the demo's own database anew on the server and returns its URL. Touches no other database, and not even one of
 * its own name unless an earlier demo made it.
 */
export async function makeDemoDatabase(serverUrl: string): Promise<string> {
  const client = await connect(serverUrl, 'setup');
  try {
    const { rows } = await client.query<{ ours: boolean; sessions: number }>(sqlFile('database/look.sql'));
    const [found] = rows;
    if (found && !found.ours) {
      throw new DemoError(`The server has a database ${NAME} that no demo made. Rename it, or name another server.`);
    }
    if (found && found.sessions > 0) {
      throw new DemoError(`Another demo is using the database ${NAME} on this server. Wait for its end.`);
    }
    await client.query(sqlFile('database/drop.sql'));
    await client.query(sqlFile('database/create.sql'));
    await client.query(sqlFile('database/mark.sql'));
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${NAME}`;
  return url.href;
}
