import { startEmbedded } from '@pgrelay/embedded';
import { RelayError } from '@pgrelay/relay-core';
import type { CommonOptions } from './options.js';

export interface OpenDatabase {
  readonly url: string;
  readonly embedded: boolean;
  /** Stops the embedded server; nothing for a server of somebody else's. */
  close(): Promise<void>;
}

/**
 * The database to work on: the one named by --database-url or DATABASE_URL, else an embedded PostgreSQL, started here.
 * @throws EmbeddedError, RelayError PGRELAY_URL_INVALID
 */
export async function openDatabase(options: CommonOptions, say: (text: string) => void): Promise<OpenDatabase> {
  const url = options.databaseUrl ?? process.env['DATABASE_URL'];
  if (url !== undefined && url !== '') {
    checkUrl(url);
    return { url, embedded: false, close: async () => undefined };
  }
  const { directory, port } = options;
  const server = await startEmbedded({ directory, ...(port === undefined ? {} : { port }), onMessage: say });
  say(`Embedded PostgreSQL ${server.version} on port ${server.port}, data in ${server.directory}.`);
  return { url: server.url, embedded: true, close: () => server.stop() };
}

/** Never quotes the URL: it may hold a password. */
function checkUrl(url: string): void {
  const known = /^(postgres|postgresql|socket):$/;
  if (URL.canParse(url) && known.test(new URL(url).protocol)) return;
  throw new RelayError('PGRELAY_URL_INVALID', 'the database URL cannot be read', {
    hint: 'It looks like postgresql://user:password@host:5432/database; percent-encode special characters.',
  });
}
