import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Session } from './session.js';
import { withLogin } from './urls.js';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** One test file's own database. */
export class TestDatabase {
  #url: string | undefined;
  #shared: Promise<pg.Client> | undefined;
  readonly #clients: pg.Client[] = [];
  readonly #roles: string[] = [];

  /** Known once the file's `beforeAll` hooks run. */
  get url(): string {
    if (this.#url === undefined) throw new Error('The database exists only inside tests and hooks.');
    return this.#url;
  }

  /** The database's name. */
  get name(): string {
    return decodeURIComponent(new URL(this.url).pathname.slice(1));
  }

  /** A connection of its own, as the lane's login or another; closed when the file ends. */
  async connect(login?: Login): Promise<pg.Client> {
    return this.#open(login ? withLogin(this.url, login.user, login.password) : this.url, 'test');
  }

  /** Runs one statement on a connection that all such calls share. */
  async query<T extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    this.#shared ??= this.#open(this.url, 'test query');
    return (await (await this.#shared).query<T>(sql, [...params])).rows;
  }

  /** A named connection for a race; the server shows the name as its application_name. */
  async session(name: string): Promise<Session> {
    const client = await this.#open(this.url, name);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new Session(name, rows[0]?.pid ?? 0, client, (sql, params) => this.query(sql, params));
  }

  /**
   * Makes a login role with a name of its own, member of the roles given, to be used with `connect`. It is dropped
   * after the database, when nothing in it can depend on it any more; `drop owned` would need a superuser.
   */
  async login(...memberOf: string[]): Promise<Login> {
    const user = `pgrelay_test_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(12).toString('hex');
    await this.query(`create role ${user} login password '${password}'`);
    this.#roles.push(user);
    for (const role of memberOf) await this.query(`grant ${role} to ${user}`);
    return { user, password };
  }

  /** For the hooks of `useDatabase`. */
  get roles(): readonly string[] {
    return this.#roles;
  }

  /** For the hooks of `useDatabase`. */
  open(url: string): void {
    this.#url = url;
  }

  /** For the hooks of `useDatabase`. */
  async closeAll(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end().catch(() => undefined)));
  }

  async #open(connectionString: string, name: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString, application_name: name });
    // A connection that a test has the server end is no reason to end the test process.
    client.on('error', () => undefined);
    this.#clients.push(client);
    await client.connect();
    return client;
  }
}
