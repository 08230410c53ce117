import { randomBytes } from 'node:crypto';
import type { Lane } from './lane.js';
import { withLogin } from './urls.js';
import { withClient } from './with-client.js';

const INSTALLER = 'pgrelay_installer';

/**
 * The login that everything in this run goes through. In the lane without a superuser it is a fresh one that may
 * log in, make databases and make roles, and no more; a server whose own login is no superuser is used as it is.
 */
export async function installerUrl(serverUrl: string, lane: Lane): Promise<string> {
  if (lane === 'superuser') return serverUrl;
  return withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ super: boolean }>(
      'select rolsuper as super from pg_roles where rolname = current_user',
    );
    if (rows[0]?.super !== true) return serverUrl;
    const password = randomBytes(18).toString('base64url');
    const known = await client.query('select from pg_roles where rolname = $1', [INSTALLER]);
    const verb = known.rowCount === 0 ? 'create' : 'alter';
    await client.query(`${verb} role ${INSTALLER} login nosuperuser createdb createrole password '${password}'`);
    return withLogin(serverUrl, INSTALLER, password);
  });
}
