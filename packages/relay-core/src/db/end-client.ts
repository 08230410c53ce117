import type pg from 'pg';

/** How long a connection may take to say goodbye before it is cut, in ms. */
const patienceMs = 2_000;

/** Ends a connection; one whose other end does not answer is cut. Never throws. */
export async function endClient(client: pg.Client): Promise<void> {
  const patience = setTimeout(() => cut(client), patienceMs);
  await client.end().catch(() => undefined);
  clearTimeout(patience);
}

/** Cuts the socket: what waits for an answer fails at once, as after any loss of a connection. */
export function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
