import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@pgrelay/embedded';
import { connect } from './connect.js';
import { sqlFile } from './sql-files.js';
import { UsageError } from './usage-error.js';

const NAME = 'pgrelay_benchmark';

/** A server on which the benchmarks make databases of their own, and touch no other. */
export class BenchServer {
  readonly #url: string;
  readonly #stop: () => Promise<void>;
  readonly #made = new Set<string>();

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.#stop = stop;
  }

  /** A new embedded server, with these settings, in the folder .pgrelay/<name> of the checkout, or the server at `url` as it is. */
  static async open(
    name: string,
    url: string | undefined,
    say: (text: string) => void,
    postgresArgs: Readonly<Record<string, string>> = {},
  ): Promise<BenchServer> {
    if (url !== undefined) return new BenchServer(url, async () => undefined);
    const directory = fileURLToPath(new URL(`../../../.pgrelay/${name}`, import.meta.url));
    const server = await startEmbedded({ directory, postgresArgs, ephemeral: true, onMessage: say });
    return new BenchServer(server.url, () => server.stop());
  }

  /** Makes the database anew, empty or as a copy of another one that this object made, which nobody may be using. */
  async make(suffix?: string, template?: string): Promise<string> {
    const name = nameOf(suffix);
    await this.#look(name);
    await this.#run('drop', name);
    await this.#run('create', name, template === undefined ? null : nameOf(template));
    await this.#run('mark', name);
    this.#made.add(name);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Drops a database that this object made, whoever is still connected to it. */
  async drop(suffix?: string): Promise<void> {
    const name = nameOf(suffix);
    if (this.#made.delete(name)) await this.#run('drop', name);
  }

  /** Drops what it made, but for the last database of a server of somebody else's, and stops the server when it is ours. */
  async close(): Promise<void> {
    try {
      for (const name of this.#made) if (name !== NAME) await this.#run('drop', name);
    } finally {
      await this.#stop();
    }
  }

  /** Refuses a database that somebody else made or uses. */
  async #look(name: string): Promise<void> {
    await this.#session(async (client) => {
      const { rows } = await client.query<{ ours: boolean; sessions: number }>(sqlFile('database/look.sql'), [name]);
      const [found] = rows;
      if (found && !found.ours) throw new UsageError(`The server has a database ${name} that no benchmark made.`);
      if (found && found.sessions > 0) throw new UsageError(`The database ${name} on this server is in use.`);
    });
  }

  async #run(step: 'create' | 'drop' | 'mark', ...values: readonly (string | null)[]): Promise<void> {
    await this.#session(async (client) => {
      const { rows } = await client.query<{ statement: string }>(sqlFile(`database/${step}.sql`), [...values]);
      for (const { statement } of rows) await client.query(statement);
    });
  }

  async #session(work: (client: Awaited<ReturnType<typeof connect>>) => Promise<void>): Promise<void> {
    const client = await connect(this.#url, 'benchmark setup');
    await work(client).finally(() => client.end());
  }
}

const nameOf = (suffix: string | undefined): string => (suffix === undefined ? NAME : `${NAME}_${suffix}`);
