import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@pgrelay/embedded';

export interface Server {
  readonly url: string;
  /** What to call it in a sentence. */
  readonly title: string;
  stop(): Promise<void>;
}

/** The server at `url`, or an embedded one in the folder .pgrelay/demo of the checkout. */
export async function openServer(url: string | undefined, say: (text: string) => void): Promise<Server> {
  if (url !== undefined) return { url, title: `the server at ${new URL(url).host}`, stop: async () => undefined };
  const directory = fileURLToPath(new URL('../../.pgrelay/demo', import.meta.url));
  const server = await startEmbedded({ directory, onMessage: say });
  return { url: server.url, title: `an embedded PostgreSQL ${server.version}`, stop: () => server.stop() };
}
