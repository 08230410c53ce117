import { type ExtensionServer, extensionServer } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll } from 'vitest';

/** A server of a test file's own: what is global (roles, files of extensions, whether there is a superuser) is its own, too. */
export class OwnServer {
  #server: ExtensionServer | undefined;
  readonly #clients: pg.Client[] = [];

  async start(files?: ReadonlyMap<string, string>): Promise<void> {
    this.#server = await extensionServer(files);
  }

  /** The URL of a database, as the superuser or another login. */
  url(database: string, user?: string): string {
    const url = new URL(this.#server?.url ?? '');
    url.pathname = database;
    if (user !== undefined) {
      url.username = user;
      url.password = user;
    }
    return url.href;
  }

  async connect(database: string, user?: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url(database, user) });
    this.#clients.push(client);
    await client.connect();
    return client;
  }

  /** Statements of the superuser, each on its own. */
  async run(...statements: string[]): Promise<void> {
    const client = await this.connect('postgres');
    for (const statement of statements) await client.query(statement);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end().catch(() => undefined)));
    await this.#server?.stop();
  }
}

/** Starts servers before the tests of a file and stops them after. */
export function useServers<Names extends string>(...names: Names[]): { readonly [name in Names]: OwnServer } {
  const servers = Object.fromEntries(names.map((name) => [name, new OwnServer()])) as Record<Names, OwnServer>;
  afterAll(() => Promise.all(names.map((name) => servers[name].stop())));
  return servers;
}
