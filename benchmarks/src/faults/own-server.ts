import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '@pgrelay/embedded';
import { migrate } from '@pgrelay/relay-sql';
import { waitUntil } from './wait-until.js';

/** How a server ends: the signals to the postmaster, as PostgreSQL names them. */
export const endings = { fast: 'SIGINT', immediate: 'SIGQUIT', crash: 'SIGKILL' } as const;

export type Ending = keyof typeof endings;

/** Processes die here and the machine does not: what is written need not be on the disk. */
const settings = { fsync: 'off', synchronous_commit: 'on', max_connections: '200' };

/** A migrated server that a campaign may end and start again, on the same data and port. */
export class OwnServer {
  readonly #options: EmbeddedOptions;
  #server: EmbeddedServer;

  private constructor(options: EmbeddedOptions, server: EmbeddedServer) {
    this.#options = options;
    this.#server = server;
  }

  static async start(given: Pick<EmbeddedOptions, 'binaries' | 'onMessage'> = {}): Promise<OwnServer> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-faults-server-'));
    chmodSync(directory, 0o755);
    const options = { ...given, directory, postgresArgs: settings, ephemeral: true };
    const server = new OwnServer(options, await startEmbedded(options));
    await migrate({ connectionString: server.url });
    return server;
  }

  get url(): string {
    return this.#server.url;
  }

  /** Ends it this way, and starts it again once it is gone. */
  async restart(how: Ending): Promise<void> {
    const pid = Number(readFileSync(path.join(this.#server.directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, endings[how]);
    if (!(await waitUntil(async () => isGone(pid), 60_000, 20))) throw new Error(`the server does not end (${how})`);
    const { port } = this.#server;
    await this.#server.kill(); // it is gone; this lets go of its folder
    this.#server = await startEmbedded({ ...this.#options, port });
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.#server.stop();
    rmSync(this.#options.directory, { recursive: true, force: true });
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
