import pg from 'pg';

/** Connects under a name that pg_stat_activity shows. */
export async function connect(connectionString: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: name, keepAlive: true });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
