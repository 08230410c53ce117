import { BenchServer } from './bench-server.js';

export interface FreshDatabase {
  readonly url: string;
  /** Stops the server when it is ours. */
  close(): Promise<void>;
}

/**
 * An empty database: on a new embedded server in the folder .pgrelay/<name> of the checkout, or on the server at `url`,
 * where it is the only one that is touched.
 */
export async function openFreshDatabase(
  name: string,
  url: string | undefined,
  say: (text: string) => void,
): Promise<FreshDatabase> {
  const server = await BenchServer.open(name, url, say);
  try {
    return { url: await server.make(), close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}
